// Event-time bars of one instrument and interval, built from its ticks (docs/definitions.md, bars).
//
// Input     Ticks in any order; half-open bars [start, end) aligned to the Unix epoch; daily ones are the days of
//           a calendar, of 23 to 25 hours.
// Output    closed bars in order of start, once the watermark has passed end + lateness.
// Failure   A tick for a closed bar is `late`, one whose scale does not fit is `out_of_precision`: neither changes a bar.
// Cost      O(1) a tick in order; open bars are as many as the lateness spans.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "core/bars/config.hpp"
#include "core/bars/open_bar.hpp"
#include "core/bars/trading_calendar.hpp"

namespace tapeline {

enum class TickOutcome : std::uint8_t { folded, late, out_of_precision };

struct ClosedBar {
  OpenBar bar;
  bool is_filled = false;

  void archive(auto& archive) { archive(bar, is_filled); }
};

class TickBars {
 public:
  TickBars(std::uint32_t interval_s, EmptyBars empty) noexcept
      : interval_ns_(static_cast<Nanos>(interval_s) * nanos_per_second), empty_(empty) {}
  /// Bars of 86,400 s are the days of `calendar`, which must outlive this.
  TickBars(std::uint32_t interval_s, EmptyBars empty, const TradingCalendar& calendar) noexcept
      : TickBars(interval_s, empty) {
    if (interval_s == TradingCalendar::day_s) calendar_ = &calendar;
  }

  /// A tick whose bar ends at or before `horizon_ns` (watermark less lateness) is late, whether or not a bar is there.
  [[nodiscard]] TickOutcome add(const BarTick& tick, Nanos horizon_ns) noexcept {
    const bool is_of_newest =
        !open_.empty() && tick.event_ns >= open_.back().start_ns && tick.event_ns < open_.back().end_ns;
    if (!is_of_newest) return add_elsewhere(tick, horizon_ns);
    return fold_tick(open_.back(), tick) ? TickOutcome::folded : TickOutcome::out_of_precision;
  }

  /// Ticks before the last one are missing: whatever is open may lack them.
  void mark_gap() noexcept {
    for (OpenBar& bar : open_) bar.has_gap = true;
  }

  /// Nothing is missing after all.
  void clear_gap() noexcept {
    for (OpenBar& bar : open_) bar.has_gap = false;
  }

  /// The bar that the tick would be by itself.
  [[nodiscard]] OpenBar begin(const BarTick& tick) const noexcept {
    const Nanos start_ns = start_of(tick.event_ns);
    return begin_bar(start_ns, end_of(start_ns), tick);
  }
  /// The newest closed bar has been put right, or in.
  void correct_closed(const OpenBar& newest) noexcept { remember(newest); }

  /// The oldest bar whose end is at or before `horizon_ns` (watermark less lateness); nullopt when none is due.
  /// With EmptyBars::fill also the empty ones between, at most `filled_bars_max` in a row.
  [[nodiscard]] std::optional<ClosedBar> close_next(Nanos horizon_ns) noexcept;

  /// The input is over: the oldest open bar, marked partial; nullopt when none is open.
  [[nodiscard]] std::optional<ClosedBar> close_partial() noexcept;

  [[nodiscard]] bool has_open_bar() const noexcept { return !open_.empty(); }

  /// When the next bar can be due; nullopt while nothing is open and nothing is to be filled.
  [[nodiscard]] std::optional<Nanos> next_end_ns() const noexcept;

  void archive(auto& archive) { archive(open_, closed_until_ns_, previous_, filled_in_a_row_); }

  /// Longer holes than this are skipped, not filled: one wrong stamp must not make a million rows.
  static constexpr std::uint32_t filled_bars_max = 1'440;

 private:
  [[nodiscard]] TickOutcome add_elsewhere(const BarTick& tick, Nanos horizon_ns) noexcept;
  [[nodiscard]] Nanos start_of(Nanos event_ns) const noexcept;
  [[nodiscard]] Nanos end_of(Nanos start_ns) const noexcept;
  void remember(const OpenBar& bar) noexcept;

  Nanos interval_ns_;
  const TradingCalendar* calendar_ = nullptr;                  // of daily bars
  std::vector<OpenBar> open_;                                  // ascending by start
  Nanos closed_until_ns_ = std::numeric_limits<Nanos>::min();  // bars that start before this are closed
  std::optional<OpenBar> previous_;                            // last closed, for filling
  std::uint32_t filled_in_a_row_ = 0;
  EmptyBars empty_;
};

}  // namespace tapeline
