// Numbered SQL files, embedded in the binary, applied once each and in order.
//
// Failure   throws std::runtime_error that names the file and the server's words, ServerAway where another try may help; a
//           failed migration changes nothing.
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

/// Of a server that starts, as after a crash of its own.
enum class WhileStarting { wait, give_up };

/// Applies what is missing, one process at a time; returns the versions that were applied.
std::vector<std::string> migrate(const Secret& dsn, int call_timeout_ms,
                                 WhileStarting while_starting = WhileStarting::wait);

}  // namespace tapeline::sinks::postgres
