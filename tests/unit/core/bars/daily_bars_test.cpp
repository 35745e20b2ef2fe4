// Daily bars over the days on which New York changes its clocks.
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/bars/tick_bars.hpp"

namespace tapeline {
namespace {

constexpr Nanos beginning = std::numeric_limits<Nanos>::min();  // nothing is closed yet

constexpr Nanos second = nanos_per_second;
constexpr Nanos hour = 3'600 * second;
constexpr std::uint32_t day_s = 86'400;

constexpr Nanos march_9 = 1'709'960'400 * second;  // midnights in New York
constexpr Nanos march_10 = march_9 + 24 * hour;
constexpr Nanos march_11 = march_10 + 23 * hour;
constexpr Nanos november_3 = 1'730'606'400 * second;
constexpr Nanos november_4 = november_3 + 25 * hour;

const TradingCalendar& new_york() {
  static const TradingCalendar calendar{
      Calendar::us_equity, -18'000, {{1'710'054'000 * second, -14'400}, {1'730'613'600 * second, -18'000}}};
  return calendar;
}

BarTick tick(Nanos event_ns, std::int64_t price) { return {event_ns, 0, {price, 0}, {1, 0}}; }

struct Span {
  Nanos start_ns;
  Nanos end_ns;
  std::uint32_t trades;

  friend bool operator==(const Span&, const Span&) = default;
};

std::vector<Span> close_until(TickBars& bars, Nanos horizon_ns) {
  std::vector<Span> spans;
  while (const auto closed = bars.close_next(horizon_ns)) {
    spans.push_back({closed->bar.start_ns, closed->bar.end_ns, closed->bar.trades});
  }
  return spans;
}

TEST(DailyBars, CloseAfter23And25HoursWhereTheClocksChange) {
  TickBars bars(day_s, EmptyBars::skip, new_york());
  for (const Nanos at : {march_10, march_10 + 22 * hour, march_11 - 1, march_11}) {
    ASSERT_EQ(bars.add(tick(at, 10), beginning), TickOutcome::folded);
  }
  EXPECT_EQ(bars.next_end_ns(), march_11);
  EXPECT_TRUE(close_until(bars, march_11 - 1).empty());
  EXPECT_EQ(close_until(bars, march_11), (std::vector<Span>{{march_10, march_11, 3}}));
  EXPECT_EQ(bars.add(tick(march_11 - 1, 10), beginning), TickOutcome::late);

  TickBars autumn(day_s, EmptyBars::skip, new_york());
  for (const Nanos at : {november_3, november_3 + 24 * hour, november_4 - 1, november_4}) {
    ASSERT_EQ(autumn.add(tick(at, 10), beginning), TickOutcome::folded);
  }
  EXPECT_EQ(close_until(autumn, november_4), (std::vector<Span>{{november_3, november_4, 3}}));
}

TEST(DailyBars, TakeTicksInAnyOrder) {
  TickBars bars(day_s, EmptyBars::skip, new_york());
  for (const Nanos at : {march_11 + hour, march_10 + hour, march_11 - 1, march_10, march_9 + 2 * hour}) {
    ASSERT_EQ(bars.add(tick(at, 10), beginning), TickOutcome::folded);
  }
  EXPECT_EQ(close_until(bars, march_11 + 24 * hour),
            (std::vector<Span>{{march_9, march_10, 1}, {march_10, march_11, 3}, {march_11, march_11 + 24 * hour, 1}}));
}

TEST(DailyBars, FillADayOf23HoursWithTheCloseBefore) {
  TickBars bars(day_s, EmptyBars::fill, new_york());
  ASSERT_EQ(bars.add(tick(march_9, 10), beginning), TickOutcome::folded);
  EXPECT_EQ(close_until(bars, march_10), (std::vector<Span>{{march_9, march_10, 1}}));
  EXPECT_EQ(bars.next_end_ns(), march_11);
  EXPECT_TRUE(close_until(bars, march_11 - 1).empty());
  const auto filled = bars.close_next(march_11);
  ASSERT_TRUE(filled);
  EXPECT_TRUE(filled->is_filled);
  EXPECT_EQ(filled->bar.start_ns, march_10);
  EXPECT_EQ(filled->bar.end_ns, march_11);
  EXPECT_EQ(filled->bar.close, 10);
}

TEST(DailyBars, LeaveShorterBarsOnTheEpoch) {
  for (const std::uint32_t interval_s : {1U, 60U, 300U, 900U, 3'600U}) {
    TickBars bars(interval_s, EmptyBars::skip, new_york());
    const Nanos width = Nanos{interval_s} * second;
    ASSERT_EQ(bars.add(tick(march_11 + 123 * second, 10), beginning), TickOutcome::folded);
    const Nanos end_ns = *bars.next_end_ns();
    EXPECT_EQ(end_ns % width, 0);
    EXPECT_EQ(close_until(bars, end_ns), (std::vector<Span>{{end_ns - width, end_ns, 1}}));
  }
}

TEST(DailyBars, FollowTheEpochInUtc) {
  const TradingCalendar utc;
  TickBars by_calendar(day_s, EmptyBars::skip, utc);
  TickBars by_epoch(day_s, EmptyBars::skip);
  for (Nanos at = march_9; at < march_11 + 48 * hour; at += 5 * hour) {
    ASSERT_EQ(by_calendar.add(tick(at, 10), beginning), by_epoch.add(tick(at, 10), beginning));
  }
  EXPECT_EQ(close_until(by_calendar, march_11 + 96 * hour), close_until(by_epoch, march_11 + 96 * hour));
}

}  // namespace
}  // namespace tapeline
