// When a market's days and sessions begin: in its own time zone, summer time included.
//
// Threads   An immutable value; shared by all.
// Units     Instants are nanoseconds since the epoch, UTC, within 1900..2200; offsets are seconds to add to UTC.
// Output    Days tile time: every instant lies in exactly one, of 23, 24 or 25 hours and whatever else a zone decrees.
//           Where a clock change repeats midnight, the day begins at the first; where it skips it, with the change.
// Failure   The constructor throws std::invalid_argument on an impossible table. Nothing else fails.
// Cost      O(log n) in the zone's changes; no allocation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/indicators/calendar_periods.hpp"

namespace tapeline {

/// From `at_ns` on the zone's clocks show UTC plus `offset_s`.
struct OffsetChange {
  Nanos at_ns;
  std::int32_t offset_s;

  friend bool operator==(const OffsetChange&, const OffsetChange&) = default;
};

class TradingCalendar {
 public:
  static constexpr std::int32_t day_s = 86'400;

  /// Round the clock in UTC.
  TradingCalendar() : TradingCalendar(Calendar::crypto, 0, {}) {}

  /// A zone that shows UTC plus `first_offset_s` until the first of `changes`, which ascend.
  TradingCalendar(Calendar kind, std::int32_t first_offset_s, std::vector<OffsetChange> changes)
      : changes_(std::move(changes)), first_offset_s_(first_offset_s), kind_(kind) {
    const auto is_possible = [](std::int32_t offset_s) { return offset_s > -day_s && offset_s < day_s; };
    bool is_sound = is_possible(first_offset_s);
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      is_sound = is_sound && is_possible(changes_[i].offset_s) && (i == 0 || changes_[i - 1].at_ns < changes_[i].at_ns);
    }
    if (!is_sound) throw std::invalid_argument("a time zone's offsets are less than a day and its changes ascend");
  }

  [[nodiscard]] Calendar kind() const noexcept { return kind_; }
  [[nodiscard]] double periods_per_year(std::uint32_t interval_s) const noexcept {
    return tapeline::periods_per_year(kind_, interval_s);
  }

  /// Equal for calendars that have said the same of every instant up to `until_ns`: what is decreed for later is no matter.
  [[nodiscard]] std::uint64_t fingerprint(Nanos until_ns) const noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    const auto add = [&](std::int64_t value) {
      hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x9e3779b97f4a7c15ULL;
      hash ^= hash >> 31;
    };
    add(static_cast<std::int64_t>(kind_));
    add(first_offset_s_);
    // The day that is open ends behind it.
    for (const OffsetChange& change : changes_) {
      if (change.at_ns > until_ns + 2 * day_ns) break;
      add(change.at_ns);
      add(change.offset_s);
    }
    return hash;
  }

  /// Seconds to add to UTC.
  [[nodiscard]] std::int32_t offset_s(Nanos time_ns) const noexcept { return offset_of(segment_at(time_ns)); }

  /// Local midnight at or before.
  [[nodiscard]] Nanos day_start(Nanos time_ns) const noexcept { return from_local(local_day(time_ns) * day_ns); }
  /// Local midnight after: the end of the day.
  [[nodiscard]] Nanos next_day_start(Nanos time_ns) const noexcept {
    std::int64_t day = local_day(time_ns) + 1;
    Nanos start_ns = from_local(day * day_ns);
    while (start_ns <= time_ns) start_ns = from_local(++day * day_ns);  // a day that the zone has left out
    return start_ns;
  }

  /// The session that has begun last: the local day of its opening, as days since 1970-01-01. US equities open Monday to
  /// Friday at 09:30; what trades after the close, or before the next opening, belongs to the session before. Holidays
  /// are not known: they are sessions in which nothing trades.
  [[nodiscard]] std::int64_t session_of(Nanos time_ns) const noexcept {
    const std::int64_t day = local_day(time_ns);
    if (kind_ == Calendar::crypto) return day;
    const std::int64_t trading_day = day - days_since_weekday(day);
    return trading_day == day && time_ns < opening_of(day) ? day - 1 - days_since_weekday(day - 1) : trading_day;
  }
  [[nodiscard]] Nanos session_start(Nanos time_ns) const noexcept { return opening_of(session_of(time_ns)); }
  /// Regular trading hours.
  [[nodiscard]] bool in_session(Nanos time_ns) const noexcept {
    if (kind_ == Calendar::crypto) return true;
    const std::int64_t day = local_day(time_ns);
    return days_since_weekday(day) == 0 && time_ns >= opening_of(day) &&
           time_ns < from_local(day * day_ns + us_close_s * nanos_per_second);
  }

 private:
  static constexpr Nanos day_ns = Nanos{day_s} * nanos_per_second;
  static constexpr Nanos us_open_s = 9 * 3'600 + 30 * 60;
  static constexpr Nanos us_close_s = 16 * 3'600;

  [[nodiscard]] static std::int64_t floor_days(Nanos time_ns) noexcept {
    return time_ns / day_ns - (time_ns % day_ns < 0 ? 1 : 0);
  }
  /// 0 from Monday to Friday, 1 on Saturdays, 2 on Sundays.
  [[nodiscard]] static std::int64_t days_since_weekday(std::int64_t day) noexcept {
    const std::int64_t from_monday = ((day + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    return std::max<std::int64_t>(from_monday - 4, 0);
  }

  // Segments are the times between changes: segment i begins with changes_[i - 1].

  [[nodiscard]] std::size_t segment_at(Nanos time_ns) const noexcept {
    const auto after = std::upper_bound(changes_.begin(), changes_.end(), time_ns,
                                        [](Nanos time, const OffsetChange& change) { return time < change.at_ns; });
    return static_cast<std::size_t>(after - changes_.begin());
  }
  [[nodiscard]] std::int32_t offset_of(std::size_t segment) const noexcept {
    return segment == 0 ? first_offset_s_ : changes_[segment - 1].offset_s;
  }
  [[nodiscard]] Nanos begin_of(std::size_t segment) const noexcept {
    return segment == 0 ? std::numeric_limits<Nanos>::min() : changes_[segment - 1].at_ns;
  }

  /// The first instant at which the zone's clocks show `local_ns` or later.
  [[nodiscard]] Nanos from_local(Nanos local_ns) const noexcept {
    std::size_t segment = segment_at(local_ns - day_ns);  // offsets are less than a day
    for (;; ++segment) {
      const Nanos in_segment = local_ns - offset_of(segment) * nanos_per_second;
      if (segment == changes_.size() || in_segment < begin_of(segment + 1)) {
        return std::max(in_segment, begin_of(segment));
      }
    }
  }
  /// Number of the day: that on the clocks, or the next where its midnight had struck before they were set back.
  [[nodiscard]] std::int64_t local_day(Nanos time_ns) const noexcept {
    std::int64_t day = floor_days(time_ns + offset_s(time_ns) * nanos_per_second);
    while (from_local((day + 1) * day_ns) <= time_ns) ++day;
    return day;
  }
  [[nodiscard]] Nanos opening_of(std::int64_t day) const noexcept {
    return from_local(day * day_ns + (kind_ == Calendar::crypto ? 0 : us_open_s * nanos_per_second));
  }

  std::vector<OffsetChange> changes_;
  std::int32_t first_offset_s_;
  Calendar kind_;
};

}  // namespace tapeline
