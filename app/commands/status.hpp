// `tapeline status`: asks the running service of a lane, over its local socket, how it is.
//
// Output    The state on standard output, as text or JSON.
// Failure   Exit status 0 ready, 1 not ready, or no service runs for the lane (and where one was looked for).
#pragma once

#include <string>

namespace tapeline::app {

struct StatusOptions {
  std::string config_file;
  std::string lane;
  bool json = false;
};

[[nodiscard]] int run_status(const StatusOptions& options);

}  // namespace tapeline::app
