// Options of the PostgreSQL sink.
#pragma once

#include <cstddef>

#include "core/base/secret.hpp"

namespace tapeline::sinks::postgres {

struct Config {
  bool enabled = true;
  Secret dsn;                           // libpq connection string or URI; empty: the private server of `./dev up`
  std::size_t batch_rows_max = 20'000;  // COPY at the latest after this many rows ...
  int batch_delay_ms_max = 20;          // ... or this long after the first of them,
  int batch_delay_quiet_ms_max = 1;     // or, while they are few, a part of this (batch_policy.hpp)
  int call_timeout_ms = 10'000;         // deadline of our own for every call: a hung server is given up
  int reconnect_delay_ms_max = 5'000;
  bool synchronous_commit = true;
};

}  // namespace tapeline::sinks::postgres
