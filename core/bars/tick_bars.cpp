#include "core/bars/tick_bars.hpp"

#include <algorithm>

namespace tapeline {

Nanos TickBars::start_of(Nanos event_ns) const noexcept {
  if (calendar_ != nullptr) return calendar_->day_start(event_ns);
  const Nanos remainder = event_ns % interval_ns_;
  return event_ns - (remainder < 0 ? remainder + interval_ns_ : remainder);
}

Nanos TickBars::end_of(Nanos start_ns) const noexcept {
  return calendar_ != nullptr ? calendar_->next_day_start(start_ns) : start_ns + interval_ns_;
}

TickOutcome TickBars::add_elsewhere(const BarTick& tick, Nanos horizon_ns) noexcept {
  const Nanos start = start_of(tick.event_ns);
  const Nanos end = end_of(start);
  if (start < closed_until_ns_ || end <= horizon_ns) return TickOutcome::late;
  const auto at = std::lower_bound(open_.begin(), open_.end(), start,
                                   [](const OpenBar& bar, Nanos wanted) { return bar.start_ns < wanted; });
  if (at != open_.end() && at->start_ns == start) {
    return fold_tick(*at, tick) ? TickOutcome::folded : TickOutcome::out_of_precision;
  }
  open_.insert(at, begin_bar(start, end, tick));
  if (!previous_) {
    // We came in somewhere in the middle of the earliest bar: nobody can know what it missed.
    for (OpenBar& bar : open_) bar.is_partial = bar.start_ns == open_.front().start_ns;
  }
  return TickOutcome::folded;
}

void TickBars::remember(const OpenBar& bar) noexcept {
  previous_ = bar;
  closed_until_ns_ = bar.end_ns;
}

std::optional<ClosedBar> TickBars::close_next(Nanos horizon_ns) noexcept {
  if (empty_ == EmptyBars::fill && previous_ && filled_in_a_row_ < filled_bars_max &&
      (open_.empty() || open_.front().start_ns > closed_until_ns_) && end_of(closed_until_ns_) <= horizon_ns) {
    OpenBar filled = *previous_;
    filled.has_gap = false;
    filled.start_ns = closed_until_ns_;
    filled.end_ns = end_of(filled.start_ns);
    filled.open = filled.high = filled.low = filled.close;
    filled.volume = 0;
    filled.trades = 0;
    filled.is_partial = false;
    remember(filled);
    ++filled_in_a_row_;
    return ClosedBar{filled, true};
  }
  if (open_.empty() || open_.front().end_ns > horizon_ns) return std::nullopt;
  const OpenBar closed = open_.front();
  open_.erase(open_.begin());
  remember(closed);
  filled_in_a_row_ = 0;
  return ClosedBar{closed, false};
}

std::optional<ClosedBar> TickBars::close_partial() noexcept {
  if (open_.empty()) return std::nullopt;
  OpenBar closed = open_.front();
  open_.erase(open_.begin());
  // Bars before the last one are complete: a later one has begun.
  closed.is_partial = closed.is_partial || open_.empty();
  remember(closed);
  return ClosedBar{closed, false};
}

std::optional<Nanos> TickBars::next_end_ns() const noexcept {
  if (empty_ == EmptyBars::fill && previous_ && filled_in_a_row_ < filled_bars_max) return end_of(closed_until_ns_);
  if (open_.empty()) return std::nullopt;
  return open_.front().end_ns;
}

}  // namespace tapeline
