// Options of the Redis sink.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/secret.hpp"

namespace tapeline::sinks::redis {

struct Config {
  bool enabled = true;
  std::string address;  // "unix:/path/redis.sock" or "host:port"; empty: the private server of `./dev up`
  std::string user;     // ACL user; empty: the default one
  Secret password;
  int database = 0;
  int key_expiry_s = 300;  // of SYMBOL:price and its siblings, and of market:data
  std::size_t alert_stream_length_max = 10'000;
  std::size_t alerts_waiting_max = 100'000;  // in memory while it is away; beyond it the oldest are given up
  int flush_interval_ms = 50;                // latest values are conflated this long; alerts go at once
  int call_timeout_ms = 2'000;
  int reconnect_delay_ms_max = 2'000;
};

}  // namespace tapeline::sinks::redis
