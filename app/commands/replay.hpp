// `tapeline replay`: recordings through journal and pipeline into the sinks.
#pragma once

#include <string>
#include <vector>

namespace tapeline::app {

struct ReplayOptions {
  std::string config_file;
  std::string source;
  std::vector<std::string> recordings;
  bool json = false;
  bool null_sink = false;
  std::string lane;  // empty: named after the recordings' content, so that a second replay writes nothing twice
};

[[nodiscard]] int run_replay(const ReplayOptions& options);

}  // namespace tapeline::app
