// `tapeline run`: the configured sources through the pipeline, until a signal.
#pragma once

#include <optional>
#include <string>

namespace tapeline::app {

struct RunOptions {
  std::string config_file;
  std::string lane;                   // instead of the configuration's; empty: that one
  std::optional<double> for_seconds;  // then it drains and ends by itself
  bool plain = false;                 // log lines also on a terminal
  bool json = false;                  // the summary as one JSON object
};

/// Exit status: 0, 1 not everything committed, 3 fenced. Throws with a cure before anything has started.
[[nodiscard]] int run_pipeline(const RunOptions& options);

}  // namespace tapeline::app
