// One key of a configuration with its value.
#pragma once

#include <string>

namespace tapeline::app {

struct Setting {
  std::string key;    // dotted: "bars.intervals_s"
  std::string value;  // as TOML has it; of a secret only whether there is one

  friend bool operator==(const Setting&, const Setting&) = default;
};

}  // namespace tapeline::app
