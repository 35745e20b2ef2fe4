// `tapeline check`: asks every enabled source for a price and every sink for a round trip.
#pragma once

#include <string>

namespace tapeline::app {

struct CheckOptions {
  std::string config_file;
  bool config_only = false;
  bool no_secrets = false;
  bool live = false;  // every source that needs no key, enabled or not; no sink
  bool json = false;
};

/// Exit status: 0 when all is well, 2 when something is not. Throws ConfigErrors.
[[nodiscard]] int run_check(const CheckOptions& options);

}  // namespace tapeline::app
