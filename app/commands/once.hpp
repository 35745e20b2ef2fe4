// `tapeline once`: asks every polled source once, stores what comes, and ends: for cron and Airflow.
#pragma once

#include <string>

namespace tapeline::app {

struct OnceOptions {
  std::string config_file;
  std::string source;    // empty: all that are enabled and polled
  bool dry_run = false;  // real requests, no sinks
};

[[nodiscard]] int run_once(const OnceOptions& options);

}  // namespace tapeline::app
