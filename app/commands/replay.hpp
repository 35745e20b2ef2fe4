// `tapeline replay`: recordings, or a lane's journal once more, through the pipeline into the sinks.
#pragma once

#include <string>
#include <vector>

namespace tapeline::app {

struct ReplayOptions {
  std::string config_file;
  std::string source;
  std::vector<std::string> recordings;
  std::string journal;  // a lane or a directory, instead of recordings: it is only read
  bool json = false;
  bool null_sink = false;
  std::string lane;  // empty: named after the content, so that a second replay writes nothing twice
};

[[nodiscard]] int run_replay(const ReplayOptions& options);

}  // namespace tapeline::app
