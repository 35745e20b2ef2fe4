// Bars of fact_bar, as a lane has stored them.
//
// Failure   Throws std::runtime_error with the server's words, std::invalid_argument where nothing fits the choice.
#pragma once

#include <string>
#include <vector>

#include "app/backtest/bar_source.hpp"
#include "core/backtest/evaluate.hpp"
#include "core/base/secret.hpp"

namespace tapeline::app {

struct StoredBars {
  std::vector<backtest::History> histories;  // by symbol
  std::uint32_t interval_s = 0;
};

[[nodiscard]] StoredBars read_stored_bars(const Config& config, const Secret& dsn, const std::string& lane,
                                          const BarChoice& choice);

}  // namespace tapeline::app
