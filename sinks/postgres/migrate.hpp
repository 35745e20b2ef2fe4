// Numbered SQL files, embedded in the binary, applied once each and in order.
//
// Failure   throws std::runtime_error that names the file and the server's words; a failed migration changes nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"

namespace tapeline::sinks::postgres {

struct Migration {
  std::string_view version;  // "0001_init"
  std::string_view sql;
};

/// Ascending; generated from sinks/postgres/schema at build time.
[[nodiscard]] const std::vector<Migration>& migrations();

/// Applies what is missing, one process at a time; returns the versions that were applied.
std::vector<std::string> migrate(const Secret& dsn, int call_timeout_ms);

}  // namespace tapeline::sinks::postgres
