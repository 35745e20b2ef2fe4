// The one list of what a configuration may hold: each key with its value in Config and what is demanded of it.
#pragma once

#include "app/config/config.hpp"
#include "app/config/section.hpp"

namespace tapeline::app {

/// Reads `root` into `config`; mistakes, and all keys with their values, come to `reading`.
void bind(const toml::table& root, Config& config, Reading& reading);

}  // namespace tapeline::app
