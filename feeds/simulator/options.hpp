// What a simulator can be told; every field has a default that works.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "feeds/simulator/canned_response.hpp"
#include "feeds/simulator/symbols.hpp"

namespace tapeline::feeds::simulator {

enum class Pacing {
  original,  // as recorded, times `recording_speed`
  fastest    // as fast as the client reads
};

struct SimulatorOptions {
  std::string listen = "127.0.0.1:0";  // port 0: the system chooses
  std::string tls_certificate_file;    // PEM chain; with the key: https and wss instead of http and ws
  std::string tls_key_file;
  std::uint64_t seed = 1;
  double rate = 200;      // trade messages per second over all symbols
  double volatility = 1;  // multiple of the demo's, which is lively
  Session equity_session = Session::always;
  std::vector<SymbolSpec> symbols = demo_symbols();
  std::vector<CannedResponse> canned;   // the first that matches answers
  std::vector<std::string> recordings;  // sent over every WebSocket, then it is closed; no simulated trades
  Pacing recording_pacing = Pacing::original;
  double recording_speed = 1;
  std::size_t out_queue_bytes_max = 16 * 1024 * 1024;  // a client that lets more pile up is disconnected
  // Of each WebSocket connection, by the number of market messages sent over it:
  std::optional<std::uint64_t> messages_max;           // then close politely
  std::optional<std::uint64_t> drop_connection_every;  // then cut the connection
  std::optional<std::uint64_t> silent_after;           // then say nothing more, but stay
};

}  // namespace tapeline::feeds::simulator
