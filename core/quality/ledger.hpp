// Completeness of one instrument, by minute of receive time: what came, what became of it, what is known to be missing.
//
//   received = stored + rejected        duplicates are among the rejected, late and out of order among the stored
// Output    roll() and flush() hand out deltas: those of one minute add up (a flush may cut it in two).
// Ordering  Minutes are handed out as they end. When the clock steps back, what comes counts for the newest minute.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/time.hpp"

namespace tapeline {

struct LedgerMinute {
  Nanos minute_ns = 0;             // its begin
  std::uint32_t received = 0;      // ticks and rejected data; not what was polled again unchanged
  std::uint32_t stored = 0;        // handed on to be stored
  std::uint32_t rejected = 0;      // whatever the reason
  std::uint32_t duplicates = 0;    // rejected because delivered before
  std::uint32_t late = 0;          // stored, but their bar was closed
  std::uint32_t out_of_order = 0;  // stored, but a later one had come before
  std::uint32_t flagged = 0;       // stored, with a quality_event
  std::uint64_t missing = 0;       // trade ids that were skipped
  std::uint64_t filled = 0;        // of those of any minute, that came late

  void archive(auto& archive) {
    archive(minute_ns, received, stored, rejected, duplicates, late, out_of_order, flagged, missing, filled);
  }

  friend bool operator==(const LedgerMinute&, const LedgerMinute&) = default;
};

class Ledger {
 public:
  /// The minute that is over at `now_ns`, if anything happened in it. To be called before counting what came at `now_ns`.
  std::optional<LedgerMinute> roll(Nanos now_ns) noexcept {
    if (now_ns < end_ns_) return std::nullopt;
    auto over = flush();
    counts_.minute_ns = now_ns - now_ns % minute_ns;
    end_ns_ = counts_.minute_ns + minute_ns;
    return over;
  }

  /// What has been counted since it was last handed out, if anything.
  std::optional<LedgerMinute> flush() noexcept {
    if (counts_ == LedgerMinute{.minute_ns = counts_.minute_ns}) return std::nullopt;
    return std::exchange(counts_, LedgerMinute{.minute_ns = counts_.minute_ns});
  }

  /// To count in: the minute that runs.
  [[nodiscard]] LedgerMinute& counts() noexcept { return counts_; }

  void archive(auto& archive) { archive(counts_, end_ns_); }

  friend bool operator==(const Ledger&, const Ledger&) = default;

 private:
  static constexpr Nanos minute_ns = 60 * nanos_per_second;

  LedgerMinute counts_;
  Nanos end_ns_ = 0;
};

}  // namespace tapeline
