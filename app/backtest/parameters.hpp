// The numbers of a configuration that a sweep may vary, by name.
//
// Failure   Throws std::invalid_argument that names the parameter, what is wrong and how to mend it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config/config.hpp"
#include "core/backtest/sweep.hpp"

namespace tapeline::app {

/// "rsi_length=7:21:7" (from 7 to 21 in steps of 7), "rsi_length=7,14" or "rsi_length=7".
[[nodiscard]] backtest::Parameter parse_parameter(std::string_view text, const Config& config);

/// The configuration with these values.
[[nodiscard]] Config with_parameters(Config config, const std::vector<backtest::Parameter>& parameters,
                                     const std::vector<double>& values);

}  // namespace tapeline::app
