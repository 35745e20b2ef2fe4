// `tapeline rules`: which rules there are, and what they would have said of a recording.
#pragma once

#include <string>
#include <vector>

namespace tapeline::app {

struct RulesTestOptions {
  std::string config_file;
  std::string source = "binance";
  std::vector<std::string> recordings;
  bool json = false;
};

/// Every alert on standard output, one a line, then how often each rule fired. Nothing is stored anywhere.
[[nodiscard]] int run_rules_test(const RulesTestOptions& options);

/// Rules and the fields that they can read.
[[nodiscard]] int run_rules_list(const std::string& config_file);

}  // namespace tapeline::app
