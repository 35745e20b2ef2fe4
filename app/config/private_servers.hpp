// The servers of `./dev up`: what is used where the configuration names none.
#pragma once

#include <string>

#include "app/config/config.hpp"

namespace tapeline::app {

/// $TAPELINE_VAR, else ./var: journals, private servers.
[[nodiscard]] std::string resolve_var_directory();

/// Where the sinks are: as configured, else the private servers noted in <var>/servers.env.
/// Throws ConfigErrors with the cure when there are neither.
[[nodiscard]] Secret resolve_postgres(const sinks::postgres::Config& config, const std::string& var_directory);
[[nodiscard]] std::string resolve_redis(const sinks::redis::Config& config, const std::string& var_directory);

}  // namespace tapeline::app
