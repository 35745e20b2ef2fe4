#include "core/bars/trading_calendar.hpp"

#include <random>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr Nanos second = nanos_per_second;
constexpr Nanos hour = 3'600 * second;

/// New York in 2024, as `zdump -v` has it.
TradingCalendar new_york() {
  return {Calendar::us_equity, -18'000, {{1'710'054'000 * second, -14'400}, {1'730'613'600 * second, -18'000}}};
}

TEST(TradingCalendar, CutsDaysAtMidnightUtcUnlessToldOtherwise) {
  const TradingCalendar utc;
  EXPECT_EQ(utc.kind(), Calendar::crypto);
  EXPECT_EQ(utc.day_start(0), 0);
  EXPECT_EQ(utc.next_day_start(0), 24 * hour);
  EXPECT_EQ(utc.day_start(24 * hour - 1), 0);
  EXPECT_EQ(utc.day_start(-1), -24 * hour);
  EXPECT_EQ(utc.next_day_start(-1), 0);
  EXPECT_EQ(utc.session_of(24 * hour - 1), 0);
  EXPECT_EQ(utc.session_of(24 * hour), 1);
  EXPECT_EQ(utc.session_start(25 * hour), 24 * hour);
  EXPECT_TRUE(utc.in_session(3 * 24 * hour)) << "a Sunday";
}

TEST(TradingCalendar, HasADayOf23HoursInMarchAndOneOf25InNovember) {
  const TradingCalendar calendar = new_york();
  const Nanos march_10 = 1'710'046'800 * second;
  EXPECT_EQ(calendar.day_start(march_10), march_10);
  EXPECT_EQ(calendar.day_start(march_10 - 1), march_10 - 24 * hour);
  EXPECT_EQ(calendar.next_day_start(march_10), march_10 + 23 * hour);
  EXPECT_EQ(calendar.next_day_start(march_10 + 23 * hour - 1), march_10 + 23 * hour);
  const Nanos november_3 = 1'730'606'400 * second;
  EXPECT_EQ(calendar.day_start(november_3 + 25 * hour - 1), november_3);
  EXPECT_EQ(calendar.next_day_start(november_3), november_3 + 25 * hour);
}

TEST(TradingCalendar, OpensUsSessionsAtHalfPastNineAndNotOnWeekends) {
  const TradingCalendar calendar = new_york();
  const Nanos friday_open = 1'709'908'200 * second;  // 2024-03-08 09:30 EST
  const Nanos monday_open = 1'710'163'800 * second;  // 2024-03-11 09:30 EDT
  constexpr std::int64_t friday = 19'790;
  EXPECT_EQ(calendar.session_of(friday_open - 1), friday - 1);
  EXPECT_EQ(calendar.session_of(friday_open), friday);
  EXPECT_EQ(calendar.session_of(monday_open - 1), friday) << "the weekend, and Monday before the opening";
  EXPECT_EQ(calendar.session_of(monday_open), friday + 3);
  EXPECT_EQ(calendar.session_start(monday_open - 1), friday_open);
  EXPECT_EQ(calendar.session_start(monday_open + hour), monday_open);

  EXPECT_FALSE(calendar.in_session(friday_open - 1));
  EXPECT_TRUE(calendar.in_session(friday_open));
  EXPECT_TRUE(calendar.in_session(friday_open + 6 * hour + hour / 2 - 1));
  EXPECT_FALSE(calendar.in_session(friday_open + 6 * hour + hour / 2));
  EXPECT_FALSE(calendar.in_session(friday_open + 24 * hour)) << "Saturday";
  EXPECT_FALSE(calendar.in_session(friday_open + 48 * hour)) << "Sunday";
}

TEST(TradingCalendar, BeginsADayWithTheClockChangeThatSkipsItsMidnight) {
  // Sao Paulo, 2018-11-04: 00:00 was 01:00.
  const Nanos change = 1'541'300'400 * second;
  const TradingCalendar calendar(Calendar::crypto, -10'800, {{change, -7'200}});
  EXPECT_EQ(calendar.day_start(change - 1), change - 24 * hour);
  EXPECT_EQ(calendar.next_day_start(change - 1), change);
  EXPECT_EQ(calendar.day_start(change), change);
  EXPECT_EQ(calendar.next_day_start(change), change + 23 * hour);
}

TEST(TradingCalendar, BeginsADayWithTheFirstOfTwoMidnights) {
  // Saint John's until 2011: at 00:01 it was 23:01 again.
  const Nanos midnight = 1'289'097'000 * second;  // 2010-11-07 00:00, UTC-2:30
  const TradingCalendar calendar(Calendar::crypto, -9'000, {{midnight + 60 * second, -12'600}});
  EXPECT_EQ(calendar.day_start(midnight), midnight);
  EXPECT_EQ(calendar.day_start(midnight + 60 * second), midnight) << "the clocks show 23:01 of the day before";
  EXPECT_EQ(calendar.day_start(midnight + 2 * hour), midnight);
  EXPECT_EQ(calendar.next_day_start(midnight - 1), midnight);
  EXPECT_EQ(calendar.next_day_start(midnight + 60 * second), midnight + 25 * hour);
}

TEST(TradingCalendar, KnowsThatADayCanBeLeftOut) {
  // Apia had no 2011-12-30: it moved over the date line.
  const Nanos change = 1'325'239'200 * second;
  const TradingCalendar calendar(Calendar::crypto, -36'000, {{change, 50'400}});
  EXPECT_EQ(calendar.next_day_start(change - 1), change);
  EXPECT_EQ(calendar.day_start(change), change);
  EXPECT_EQ(calendar.session_of(change) - calendar.session_of(change - 1), 2);
}

TEST(TradingCalendar, TilesTimeWithDaysAndSessionsWhateverTheZoneDoes) {
  std::mt19937_64 random(11);
  for (int zone = 0; zone < 200; ++zone) {
    std::vector<OffsetChange> changes;
    Nanos at_ns = 0;
    for (int i = 0; i < 20; ++i) {
      // Minutes to months apart, by up to 14 hours: worse than any government.
      at_ns += static_cast<Nanos>(1 + random() % (i % 2 == 0 ? 90 : 5'000'000)) * second;
      changes.push_back({at_ns, static_cast<std::int32_t>(random() % 100'801) - 50'400});
    }
    const TradingCalendar calendar(zone % 2 == 0 ? Calendar::crypto : Calendar::us_equity, 3'600, std::move(changes));
    Nanos session_start_ns = calendar.session_start(0);
    for (Nanos start_ns = calendar.day_start(0); start_ns < at_ns + 48 * hour;) {
      const Nanos end_ns = calendar.next_day_start(start_ns);
      ASSERT_GT(end_ns, start_ns);
      const Nanos within_ns = start_ns + static_cast<Nanos>(random() % static_cast<std::uint64_t>(end_ns - start_ns));
      for (const Nanos time_ns : {start_ns, within_ns, end_ns - 1}) {
        ASSERT_EQ(calendar.day_start(time_ns), start_ns);
        ASSERT_EQ(calendar.next_day_start(time_ns), end_ns);
        ASSERT_LE(calendar.session_start(time_ns), time_ns);
        ASSERT_GE(calendar.session_start(time_ns), session_start_ns) << "sessions only go on";
        session_start_ns = calendar.session_start(time_ns);
        ASSERT_EQ(calendar.session_of(session_start_ns), calendar.session_of(time_ns));
      }
      start_ns = end_ns;
    }
  }
}

TEST(TradingCalendar, RefusesATableThatNoZoneHas) {
  EXPECT_THROW(TradingCalendar(Calendar::crypto, 86'400, {}), std::invalid_argument);
  EXPECT_THROW(TradingCalendar(Calendar::crypto, 0, {{5, -86'400}}), std::invalid_argument);
  EXPECT_THROW(TradingCalendar(Calendar::crypto, 0, {{5, 1}, {5, 2}}), std::invalid_argument);
}

}  // namespace
}  // namespace tapeline
