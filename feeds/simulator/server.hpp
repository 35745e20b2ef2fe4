// The exchange simulator: one port that speaks the wire formats of Alpha Vantage, CoinGecko and Yahoo over HTTP and of
// Binance, Coinbase, Kraken and of Yahoo's streamer over WebSocket, all of one simulated market; or that plays recordings and
// canned responses.
//
// Threads   run() on one thread; stop(), port() and counters() from any.
// Failure   The constructor throws std::exception with what to mend; afterwards a bad client loses its connection and
// nothing
//           else happens.
// Ordering  Messages of a connection go out in the order of the tape or the recording.
// Cost      Messages that are due together share a write: 200,000 trades a second are well within one core.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "feeds/simulator/options.hpp"

namespace tapeline::feeds::simulator {

struct SimulatorCounters {
  std::uint64_t connections = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t canned_responses = 0;
  std::uint64_t websockets = 0;
  std::uint64_t control_requests = 0;
  std::uint64_t market_messages = 0;    // sent over WebSockets
  std::uint64_t deflated_messages = 0;  // of those and of others
  std::uint64_t bytes_sent = 0;
  std::uint64_t slow_clients_dropped = 0;
  std::uint64_t connections_dropped = 0;  // on purpose
};

class Simulator {
 public:
  explicit Simulator(const SimulatorOptions& options);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  /// "127.0.0.1:8080"
  [[nodiscard]] std::string address() const;
  /// Serves until stop().
  void run();
  /// Closes every connection politely, then lets run() return.
  void stop() noexcept;
  [[nodiscard]] SimulatorCounters counters() const noexcept;

 private:
  class Server;  // keeps Boost out of this header
  std::unique_ptr<Server> server_;
};

}  // namespace tapeline::feeds::simulator
