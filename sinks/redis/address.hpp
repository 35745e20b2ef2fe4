// Where a Redis server listens, as configuration says it.
//
// Input     "unix:/path/redis.sock", "host:port", "host", "[::1]:port", each of the latter also behind "redis://".
// Failure   What is wrong and how to mend it, as text; never repeats what may hold a password.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapeline::sinks::redis {

struct Address {
  std::string path;  // of a unix socket; empty: TCP
  std::string host;
  int port = 6379;
};

[[nodiscard]] Result<Address, std::string> parse_address(std::string_view text);

/// As messages name it.
[[nodiscard]] std::string to_string(const Address& address);

}  // namespace tapeline::sinks::redis
