// What all connections of a simulator share: the market, the tape, the counters, and who listens to what.
//
// Threads   One; only the counters are read from others.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/binance_streams.hpp"
#include "feeds/simulator/binance_writer.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/options.hpp"
#include "feeds/simulator/trade_tape.hpp"

namespace tapeline::feeds::simulator {

struct LiveCounters {
  using Counter = std::atomic<std::uint64_t>;
  Counter connections{0}, http_requests{0}, canned_responses{0}, websockets{0}, control_requests{0};
  Counter market_messages{0}, bytes_sent{0}, slow_clients_dropped{0}, connections_dropped{0};

  /// Only ever read as a display: nothing hangs on the order, so relaxed.
  static void add(Counter& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }
};

enum class Envelope { combined, raw };

/// One open connection. None of these ends it at once: the exchange may be walking over its clients.
class Client {
 public:
  virtual ~Client() = default;
  /// Puts one market message into the out queue.
  virtual void send(std::string_view message) = 0;
  /// Writes what is in the out queue.
  virtual void flush() = 0;
  /// Says goodbye and ends.
  virtual void leave() = 0;
};

/// A connection that listens to streams.
struct Listener {
  Client* client = nullptr;
  BinanceStreams streams;
  Envelope envelope = Envelope::combined;
  TimeUnit time_unit = TimeUnit::millisecond;
};

class Exchange {
 public:
  static constexpr int trades_per_batch_max = 20'000;  // after so many, the network gets its turn

  Exchange(const SimulatorOptions& options, Nanos start_ns);

  [[nodiscard]] const SimulatorOptions& options() const noexcept { return options_; }
  [[nodiscard]] Market& market() noexcept { return market_; }
  [[nodiscard]] const TradeTape& tape() const noexcept { return tape_; }
  [[nodiscard]] bool plays_recordings() const noexcept { return !options_.recordings.empty(); }
  [[nodiscard]] LiveCounters& counters() noexcept { return counters_; }

  /// The time that quotes are of: now, but never past a trade that is still to be sent.
  [[nodiscard]] Nanos quote_time_ns(Nanos now_ns) const noexcept;

  void enter(Client& client) { clients_.push_back(&client); }
  void exit(Client& client) noexcept { std::erase(clients_, &client); }
  [[nodiscard]] const std::vector<Client*>& clients() const noexcept { return clients_; }

  void add(Listener& listener) { listeners_.push_back(&listener); }
  void remove(Listener& listener) noexcept { std::erase(listeners_, &listener); }

  /// Sends the trades that are due, at most one batch, and flushes.
  void publish_until(Nanos now_ns);

 private:
  void publish(const Trade& trade);

  SimulatorOptions options_;
  Market market_;
  TradeTape tape_;
  BinanceWriter writer_;
  LiveCounters counters_;
  std::vector<Client*> clients_;
  std::vector<Listener*> listeners_;
  std::string text_;
};

}  // namespace tapeline::feeds::simulator
