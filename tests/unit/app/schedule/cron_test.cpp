// Instants were taken from the published changes of clocks: New York 8 March and 1 November 2026, London 31 March 2024,
// Lord Howe (half an hour) 5 April 2026.
#include "app/schedule/cron.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/calendar/time_zone.hpp"
#include "core/base/time.hpp"

namespace tapeline::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> next_times(std::string_view line, const char* zone_name, const char* calendar, Nanos after_ns,
                                    int count) {
  const auto cron = Cron::parse(line);
  const TradingCalendar zone = make_trading_calendar(Calendar::crypto, zone_name);
  const auto days = SessionDays::named(calendar);
  std::vector<std::string> times;
  for (int i = 0; i < count; ++i) {
    const auto next = cron->next(after_ns, zone, *days);
    if (!next) break;
    times.push_back(format_utc(*next).substr(0, 16));
    after_ns = *next;
  }
  return times;
}

Nanos at(std::string_view date, int minutes = 0) {
  return std::chrono::nanoseconds((*parse_date(date) + std::chrono::minutes(minutes)).time_since_epoch()).count();
}

TEST(Cron, KeepsTheClockOfItsZoneOverAChange) {
  EXPECT_THAT(next_times("0 6 * * mon-fri", "America/New_York", "always", at("2026-03-05", 12 * 60), 4),
              ElementsAre("2026-03-06T11:00", "2026-03-09T10:00", "2026-03-10T10:00", "2026-03-11T10:00"));
  EXPECT_THAT(next_times("0 6 * * mon-fri", "America/New_York", "always", at("2026-10-30", 0), 2),
              ElementsAre("2026-10-30T10:00", "2026-11-02T11:00"));
}

TEST(Cron, RunsASkippedTimeWithTheChange) {
  EXPECT_THAT(next_times("30 2 * * *", "America/New_York", "always", at("2026-03-07", 8 * 60), 2),
              ElementsAre("2026-03-08T07:00", "2026-03-09T06:30"));
}

TEST(Cron, RunsARepeatedTimeOnce) {
  EXPECT_THAT(next_times("30 1 * * *", "America/New_York", "always", at("2026-10-31", 12 * 60), 2),
              ElementsAre("2026-11-01T05:30", "2026-11-02T06:30"));
}

TEST(Cron, GoesByWhatPassesWhereEveryMinuteCounts) {
  EXPECT_THAT(
      next_times("*/30 * * * *", "America/New_York", "always", at("2026-11-01", 4 * 60 + 45), 5),
      ElementsAre("2026-11-01T05:00", "2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30", "2026-11-01T07:00"));
  EXPECT_THAT(next_times("*/30 * * * *", "America/New_York", "always", at("2026-03-08", 6 * 60 + 15), 3),
              ElementsAre("2026-03-08T06:30", "2026-03-08T07:00", "2026-03-08T07:30"));
  EXPECT_THAT(next_times("*/20 * * * *", "Australia/Lord_Howe", "always", at("2026-04-04", 14 * 60 + 45), 4),
              ElementsAre("2026-04-04T15:10", "2026-04-04T15:30", "2026-04-04T15:50", "2026-04-04T16:10"))
      << "1:40 once more, 2:00, 2:20, 2:40";
}

TEST(Cron, RestsOnHolidays) {
  // Good Friday and Easter Monday, with the change of clocks between them.
  EXPECT_THAT(next_times("0 6 * * mon-fri", "Europe/London", "XLON", at("2024-03-27", 12 * 60), 2),
              ElementsAre("2024-03-28T06:00", "2024-04-02T05:00"));
  EXPECT_THAT(next_times("0 6 * * *", "America/New_York", "XNYS", at("2026-11-25", 12 * 60), 2),
              ElementsAre("2026-11-27T11:00", "2026-11-30T11:00"));
}

TEST(Cron, ReadsWhatCrontabsHold) {
  EXPECT_THAT(next_times("0,30 9-10 1 jan,jul *", "UTC", "always", at("2026-01-01", 10 * 60), 2),
              ElementsAre("2026-01-01T10:30", "2026-07-01T09:00"));
  EXPECT_THAT(next_times("5/20 4 * * 7", "UTC", "always", at("2026-11-21"), 3),
              ElementsAre("2026-11-22T04:05", "2026-11-22T04:25", "2026-11-22T04:45"));
  EXPECT_THAT(next_times("0 0 13 * fri", "UTC", "always", at("2026-11-01"), 3),
              ElementsAre("2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00"))
      << "either day will do";
  EXPECT_THAT(next_times("0 0 29 2 *", "UTC", "always", at("2026-11-01"), 2),
              ElementsAre("2028-02-29T00:00", "2032-02-29T00:00"));
}

TEST(Cron, RefusesWhatIsNone) {
  const auto told = [](std::string_view line) {
    const auto cron = Cron::parse(line);
    return cron ? std::string() : cron.error();
  };
  EXPECT_THAT(told("* * * *"), HasSubstr("has 4 fields"));
  EXPECT_THAT(told(""), HasSubstr("has 0 fields"));
  EXPECT_THAT(told("60 * * * *"), HasSubstr("\"60\" is no minute"));
  EXPECT_THAT(told("* 5-3 * * *"), HasSubstr("\"5-3\" is no hour"));
  EXPECT_THAT(told("*/0 * * * *"), HasSubstr("is no minute"));
  EXPECT_THAT(told("* * 0 * *"), HasSubstr("is no day of the month"));
  EXPECT_THAT(told("* * * * mon-"), HasSubstr("is no day of the week"));
  EXPECT_THAT(told("1,,2 * * * *"), HasSubstr("is no minute"));
  EXPECT_THAT(told("* * * JUL *"), HasSubstr("\"JUL\" is no month"));
  EXPECT_THAT(told("99999999999999999999 * * * *"), HasSubstr("is no minute"));
  EXPECT_THAT(told("0 0 30 2 *"), HasSubstr("never due"));
}

TEST(Cron, ComesNextAlwaysLater) {
  // A property, around all changes of a year in two zones.
  for (const char* zone_name : {"America/New_York", "Europe/London"}) {
    const TradingCalendar zone = make_trading_calendar(Calendar::crypto, zone_name);
    const auto days = SessionDays::named("always");
    for (const char* line : {"*/7 * * * *", "30 1 * * *", "30 2 * * *", "15 1-3 * * sun"}) {
      const auto cron = Cron::parse(line);
      for (const char* week : {"2026-03-06", "2026-03-27", "2026-10-23", "2026-10-30"}) {
        for (Nanos now_ns = at(week); now_ns < at(week, 4 * 24 * 60);) {
          const auto next = cron->next(now_ns, zone, *days);
          ASSERT_TRUE(next && *next > now_ns);
          ASSERT_EQ(cron->next(*next - 1, zone, *days), next) << "the same from just before it";
          now_ns = *next;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tapeline::app
