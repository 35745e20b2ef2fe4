// Whether a Redis server would take what the sink sends, for `tapeline check`: writes, reads back, publishes, cleans
// up.
//
// Failure   What is wrong and how to mend it, as text; never a password.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "sinks/redis/config.hpp"

namespace tapeline::sinks::redis {

struct Checked {
  std::string server;   // "Redis 7.0.15"
  Nanos round_trip_ns;  // of one pipeline that writes, reads back and deletes
};

/// Takes at most config.call_timeout_ms.
[[nodiscard]] Result<Checked, std::string> check(const Config& config);

}  // namespace tapeline::sinks::redis
