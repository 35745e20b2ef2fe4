// Does what the writer does, and takes it back: for `tapeline check`.
#pragma once

#include <string>

#include "core/base/secret.hpp"
#include "core/base/time.hpp"

namespace tapeline::sinks::postgres {

struct CheckResult {
  bool ok = false;
  std::string detail;
  Nanos latency_ns = 0;
};

[[nodiscard]] CheckResult check(const Secret& dsn, int timeout_ms);

}  // namespace tapeline::sinks::postgres
