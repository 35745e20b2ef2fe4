// How every network client of the feeds behaves; one for all sources, a source may narrow it.
#pragma once

#include <cstddef>
#include <string>

namespace tapeline::feeds {

struct TransportConfig {
  std::string ca_file;             // PEM bundle to trust besides the system's; empty: the system's alone
  std::string proxy;               // "http://host:port" that opens tunnels for https and wss; empty: none
  int connect_timeout_ms = 5'000;  // TCP and, after it, the TLS handshake, each
  int first_byte_timeout_ms = 10'000;
  int request_timeout_ms = 30'000;               // whole response
  std::size_t body_bytes_max = 8 * 1024 * 1024;  // larger responses and WebSocket messages are refused
  int reconnect_delay_ms_max = 30'000;           // cap of the jittered back-off; the first retry is immediate
  std::string user_agent = "tapeline/0.1";
  std::string quota_directory;  // where the requests of the day are counted; set by the program, empty: in memory
};

}  // namespace tapeline::feeds
