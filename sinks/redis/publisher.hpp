// Keeps a Redis server current: latest values, and alerts as stream entries and messages.
//
// Threads   The CacheSink calls belong to the cache stage's thread; status() is for any.
// Failure   A server that is down, slow or refuses writes is tried again, with growing delays, one that refuses user or password
//           with long ones; values and alerts wait in the cache stage meanwhile. Alerts that it gives up are counted, and told
//           as critical: the first at once, how many and which when alerts flow again. A call returns within
//           config.call_timeout_ms.
// Ordering  Alerts in the order given, each stored once however often it is given (encoder.hpp).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/runtime/metrics.hpp"
#include "core/stages/cache.hpp"
#include "core/stages/row_catalog.hpp"
#include "sinks/redis/address.hpp"
#include "sinks/redis/config.hpp"
#include "sinks/redis/connection.hpp"

namespace tapeline::sinks::redis {

enum class State : std::uint8_t { connecting, connected, waiting, refused };
[[nodiscard]] const char* to_string(State state) noexcept;

struct Status {
  State state = State::connecting;
  std::uint64_t commands = 0;  // that the server has carried out
  std::uint64_t alerts_delivered = 0;
  std::uint64_t alerts_repeated = 0;  // that were there already
  std::uint64_t alerts_given_up = 0;  // that the server was away for too long to get
  std::uint64_t symbols_skipped = 0;  // values and alerts of instruments whose name may not be a key
  std::uint64_t connects = 0;         // beyond the first: reconnects
  std::uint64_t errors = 0;
  std::string last_error;  // empty: none yet
};

class Publisher final : public CacheSink {
 public:
  struct Surroundings {
    /// Explains alerts.
    std::shared_ptr<const RowCatalog> catalog;
    /// The source as the configuration names it.
    std::function<std::string(SourceCode)> source_name;
    /// For the log; at most once in 10 s, and when the state changes.
    std::function<void(Severity, std::string)> tell;
  };

  /// Throws std::invalid_argument when config.address is none. Connects at the first readiness().
  Publisher(Config config, Surroundings surroundings);

  [[nodiscard]] SinkReadiness readiness() noexcept override;
  void on_instrument(InstrumentIndex instrument, SourceCode source, const InstrumentRow& names) noexcept override;
  [[nodiscard]] std::size_t latest(std::span<const CachedLatest> changed) noexcept override;
  [[nodiscard]] std::size_t alerts(std::span<const CachedAlert> fired) noexcept override;
  void give_up(const CachedAlert& alert) noexcept override;

  [[nodiscard]] Status status() const;

 private:
  struct Instrument {
    std::string symbol;  // empty: not known, or not acceptable
    std::string source;
  };
  /// Alerts that were given up one behind the other.
  struct Hole {
    struct Place {
      JournalPosition position = 0;
      Nanos receive_ns = 0;
    };
    std::uint64_t count = 0;
    Place first, last;
  };

  /// The instrument, when its name may be a key; else counts and returns nullptr.
  [[nodiscard]] const Instrument* usable(InstrumentIndex instrument) noexcept;
  [[nodiscard]] SinkReadiness connect();
  [[nodiscard]] Nanos deadline_ns() const noexcept;
  [[nodiscard]] Nanos delay_ns_max() const noexcept;
  /// Replies up to the first error; on an error the connection is given up for a while.
  [[nodiscard]] std::vector<Reply> exchange();
  void lose(const std::string& problem);
  void refuse(const std::string& problem);
  void let_go(State state, const std::string& problem, Nanos delay_ns);
  void tell_hole();

  Config config_;
  Surroundings surroundings_;
  std::unordered_map<std::string, Nanos> newest_ns_;  // event time of the value under each symbol
  Address address_;
  Connection connection_;
  Commands commands_;
  std::vector<Instrument> instruments_;
  std::minstd_rand jitter_;
  Nanos delay_ns_;
  Nanos next_attempt_ns_ = 0;
  Nanos next_tell_ns_ = 0;
  bool was_lost_ = false;
  Hole hole_;

  Counter commands_done_, alerts_delivered_, alerts_repeated_, alerts_given_up_, symbols_skipped_, connects_, errors_;
  mutable std::mutex mutex_;  // guards the two below: rarely written, read by displays
  State state_ = State::connecting;
  std::string last_error_;
};

}  // namespace tapeline::sinks::redis
