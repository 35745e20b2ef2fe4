// `tapeline sources`: how each source is, what is left of its quota, its last error, and when it is asked next.
//
// Output    of the running service; where none runs, what is configured and what is left of the quotas. Exit status 0.
#pragma once

#include <string>

namespace tapeline::app {

struct SourcesOptions {
  std::string config_file;
  std::string lane;  // empty: the configuration's
  bool json = false;
};

int run_sources(const SourcesOptions& options);

}  // namespace tapeline::app
