// What all connections of a simulator share: the market, the tape, the counters, and who listens to what.
//
// Threads   One; only the counters are read from others.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/market.hpp"
#include "feeds/simulator/options.hpp"
#include "feeds/simulator/stream_dialect.hpp"
#include "feeds/simulator/trade_history.hpp"
#include "feeds/simulator/trade_tape.hpp"

namespace tapeline::feeds::simulator {

struct LiveCounters {
  using Counter = std::atomic<std::uint64_t>;
  Counter connections{0}, http_requests{0}, canned_responses{0}, websockets{0}, control_requests{0};
  Counter market_messages{0}, deflated_messages{0}, bytes_sent{0}, slow_clients_dropped{0}, connections_dropped{0};

  /// Only ever read as a display: nothing hangs on the order, so relaxed.
  static void add(Counter& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }
};

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
  /// Ends without a word.
  virtual void drop() = 0;
};

/// A connection that listens to streams.
struct Listener {
  Client* client = nullptr;
  std::unique_ptr<StreamDialect> dialect;
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
  [[nodiscard]] RestFaults& rest_faults() noexcept { return rest_faults_; }

  /// The time that quotes are of: now, but never past a trade that is still to be sent.
  [[nodiscard]] Nanos quote_time_ns(Nanos now_ns) const noexcept;

  void enter(Client& client) { clients_.push_back(&client); }
  void exit(Client& client) noexcept { std::erase(clients_, &client); }
  [[nodiscard]] const std::vector<Client*>& clients() const noexcept { return clients_; }

  void add(Listener& listener) { listeners_.push_back(&listener); }
  void remove(Listener& listener) noexcept { std::erase(listeners_, &listener); }
  [[nodiscard]] bool has_listeners() const noexcept { return !listeners_.empty(); }
  [[nodiscard]] const TradeHistory& history() const noexcept { return history_; }

  /// Sends the trades that are due, at most one batch, and flushes.
  void publish_until(Nanos now_ns);
  /// One recorded message, to all.
  void broadcast(std::string_view message);
  void flush();
  /// Cuts every WebSocket; until `until_ns` nobody is let in.
  void cut_all(Nanos until_ns);
  [[nodiscard]] bool lets_in(Nanos now_ns) const noexcept { return now_ns >= closed_until_ns_; }

 private:
  void publish(const Trade& trade);

  SimulatorOptions options_;
  Market market_;
  TradeTape tape_;
  TradeHistory history_;
  LiveCounters counters_;
  RestFaults rest_faults_{options_.rest_faults};
  std::vector<Client*> clients_;
  std::vector<Listener*> listeners_;
  Nanos closed_until_ns_ = 0;
};

}  // namespace tapeline::feeds::simulator
