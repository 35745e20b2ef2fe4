// The stage behind the kernels_cache ring: the newest value of every instrument and all alerts, for sinks that show
// what is current (Redis, the terminal view, a dashboard).
//
// Threads   One thread polls. Sinks are called on that thread alone.
// Ordering  Latest values are conflated: a sink gets the newest of each instrument, at most once per flush interval.
//           Alerts go at once, in order, each of them, to every sink.
// Failure   What a sink does not take is kept for it alone; the other sinks go on. Alerts beyond `alerts_waiting_max` stay in
//           the ring, and the kernels keep them, while the sink is ready to take some; one that is away holds nobody up: its
//           oldest are given up, and it is told of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/base/time.hpp"
#include "core/model/update.hpp"
#include "core/ring/spsc_ring.hpp"
#include "core/runtime/doorbell.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/stage.hpp"

namespace tapeline {

struct CachedLatest {
  InstrumentIndex instrument;
  Latest latest;
};

struct CachedAlert {
  InstrumentIndex instrument;
  JournalPosition position;
  AlertRow alert;
  Nanos receive_ns = 0;  // of the frame that fired it
};

enum class SinkReadiness : std::uint8_t {
  ready,
  away,      // not now: everything is kept for it
  returned,  // ready after having been away: it may have forgotten all, so it gets every latest value again
};

class CacheSink {
 public:
  virtual ~CacheSink() = default;
  /// Asked before anything is handed over, and once per flush interval: the place to reconnect. Waits briefly at most.
  [[nodiscard]] virtual SinkReadiness readiness() noexcept = 0;
  /// Before the first value of an instrument, and never again; also while the sink is away.
  virtual void on_instrument(InstrumentIndex instrument, SourceCode source, const InstrumentRow& names) noexcept = 0;
  /// How many from the front were taken; the others are given again, newer perhaps.
  [[nodiscard]] virtual std::size_t latest(std::span<const CachedLatest> changed) noexcept = 0;
  /// How many from the front were taken; the others are given again. A repeated alert must change nothing.
  [[nodiscard]] virtual std::size_t alerts(std::span<const CachedAlert> fired) noexcept = 0;
  /// The oldest alert that waits for it is not kept any longer. Never of a sink that is always ready.
  virtual void give_up(const CachedAlert& /*alert*/) noexcept {}
};

class Cache final : public Stage {
 public:
  struct Options {
    Nanos flush_interval_ns = 50 * nanos_per_millisecond;
    std::size_t alerts_waiting_max = 100'000;
    /// How old an alert may be for a restart to tell it again: older ones are settled while they wait. Default: any age.
    Nanos told_again_within_ns = std::numeric_limits<Nanos>::max();
    /// Alerts of frames received before this are not measured: their wait was not ours. Default: none is.
    Nanos measure_from_ns = std::numeric_limits<Nanos>::max();
  };

  /// `sinks` outlive the stage.
  Cache(SpscRing<Update>& updates, const std::vector<CacheSink*>& sinks, Options options);

  [[nodiscard]] std::string_view name() const noexcept override { return "cache"; }
  std::size_t poll() noexcept override;
  /// A sink that is away keeps the stage from having drained only as long as alerts wait for it.
  bool drained() noexcept override;
  /// Naps until alert_bell() rings.
  bool wait(Nanos timeout_ns) noexcept override {
    alert_bell_.wait(timeout_ns);
    return true;
  }
  /// To be rung by who hands out an alert.
  [[nodiscard]] Doorbell& alert_bell() noexcept { return alert_bell_; }
  /// Alerts that a restart need not tell again, of those that came through the ring: every sink has taken them, or will not
  /// get them any more. May be asked from any thread, as the next.
  [[nodiscard]] std::uint64_t alerts_settled() const noexcept { return alerts_settled_.value(); }
  /// Alerts that some sink has yet to get.
  [[nodiscard]] std::uint64_t alerts_waiting() const noexcept { return alerts_waiting_.value(); }

  /// Frame received to its alert taken by the last of the sinks.
  [[nodiscard]] const LatencyHistogram& received_to_alerted() const noexcept { return received_to_alerted_; }

 private:
  struct Instrument {
    Latest latest{};
    bool has_latest = false;
  };
  /// What one sink has yet to get.
  struct Receiver {
    CacheSink* sink;
    std::uint64_t next_alert = 0;        // counted since the start
    std::vector<InstrumentIndex> dirty;  // each at most once
    std::vector<bool> is_dirty;          // by instrument
    bool was_ready = true;               // until it is asked
  };

  std::size_t take_updates() noexcept;
  void take_latest(const Update& update);
  void mark_dirty(Receiver& receiver, InstrumentIndex instrument);
  std::size_t serve(Receiver& receiver, bool flush_is_due);
  std::size_t hand_latest(Receiver& receiver);
  std::size_t hand_alerts(Receiver& receiver);
  /// False: a sink that is ready has to take some first.
  [[nodiscard]] bool make_room_for_alert() noexcept;
  void forget_delivered_alerts();
  /// Number of the oldest alert that some sink has yet to get.
  [[nodiscard]] std::uint64_t oldest_waiting() const noexcept;
  [[nodiscard]] std::uint64_t alerts_end() const noexcept { return alerts_begin_ + alerts_.size(); }

  SpscRing<Update>& updates_;
  Doorbell alert_bell_;
  Options options_;
  std::vector<Receiver> receivers_;
  std::vector<Instrument> instruments_;
  std::vector<CachedAlert> alerts_;  // those that some sink has yet to get
  std::uint64_t alerts_begin_ = 0;   // number of the first of them
  std::vector<CachedLatest> batch_;
  Nanos next_flush_ns_ = 0;
  LatencyHistogram received_to_alerted_;
  Counter alerts_settled_;
  Counter alerts_waiting_;
};

}  // namespace tapeline
