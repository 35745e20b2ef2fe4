// What a simulator can be told; every field has a default that works.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "feeds/simulator/canned_response.hpp"
#include "feeds/simulator/rest_faults.hpp"
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
  std::vector<RestFault> rest_faults;   // of replies that are not canned
  bool packs_replies = false;           // with gzip, for clients that take it
  bool cuts_tls = false;                // ends every connection in its handshake
  std::vector<std::string> recordings;  // sent over every WebSocket, then it is closed; no simulated trades
  Pacing recording_pacing = Pacing::original;
  double recording_speed = 1;
  std::size_t out_queue_bytes_max = 16 * 1024 * 1024;  // a client that lets more pile up is disconnected
  // Of each WebSocket connection, by the number of market messages sent over it:
  std::optional<std::uint64_t> messages_max;           // then close politely
  std::optional<std::uint64_t> drop_connection_every;  // then cut the connection
  std::optional<std::uint64_t> silent_after;           // then say nothing more, but stay
  std::optional<std::uint64_t> duplicate_every;        // send every so manyth message twice,
  std::optional<std::uint64_t> swap_every;             // behind its successor,
  std::optional<std::uint64_t> lose_every;             // or not at all: only REST has it
  std::size_t fragment_bytes = 0;                      // messages in fragments of so many bytes; 0: whole
  bool deflates_messages = false;                      // for clients that offer permessage-deflate
  int lifetime_s = 0;                                  // of a WebSocket: announced, a second later closed; 0: for ever
  int clock_ahead_ms = 0;                              // of the exchange's clock
  // Of recordings:
  bool broadcasts_recording = false;  // played once, to whoever listens; who is away misses it, and REST has the trades
  std::uint64_t cuts = 0;             // a broadcast is cut for all so many times, at moments that the seed decides
  int outage_ms = 0;                  // after a cut nobody is let in for so long
};

}  // namespace tapeline::feeds::simulator
