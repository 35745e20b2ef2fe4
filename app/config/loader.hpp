// TOML to Config: the only door by which a user's settings come in.
//
// Failure   throws ConfigErrors with every mistake of the file at once, one line each: file:line: key: what is wrong; cure.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/config.hpp"

namespace tapeline::app {

class ConfigErrors : public std::runtime_error {
 public:
  explicit ConfigErrors(std::vector<std::string> lines);
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  std::vector<std::string> lines_;
};

struct LoadedConfig {
  Config config;
  std::string hash;
};

/// An empty path: config/default.toml where there is one, else the defaults that it documents.
[[nodiscard]] LoadedConfig load_config(const std::string& path);
/// For tests: `name` stands for the file in messages.
[[nodiscard]] LoadedConfig parse_config(const std::string& text, const std::string& name);
/// 1 to 63 letters, digits, _ or -: it names a folder.
[[nodiscard]] bool is_lane_name(std::string_view name);
/// Every key that a configuration may have, dotted ("bars.intervals_s").
[[nodiscard]] std::vector<std::string> known_keys();

}  // namespace tapeline::app
