// TOML to Config: the only door by which a user's settings come in.
//
// Failure   throws ConfigErrors with every mistake of the file at once, each in one line: file:line: key: what is
// wrong;
//           how to mend it. Secrets are never repeated.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/config.hpp"
#include "app/config/section.hpp"
#include "app/config/setting.hpp"

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
  std::string file;               // as messages name it
  std::string hash;               // see configuration_hash()
  std::vector<Setting> settings;  // every key that a configuration may have, with its value
};

/// An empty path: config/default.toml where there is one, else the defaults that it documents.
[[nodiscard]] LoadedConfig load_config(const std::string& path, Purpose purpose = Purpose::run);
/// `name` stands for the file in messages.
[[nodiscard]] LoadedConfig parse_config(std::string_view text, const std::string& name, Purpose purpose = Purpose::run);

}  // namespace tapeline::app
