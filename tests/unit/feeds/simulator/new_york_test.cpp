#include "feeds/simulator/new_york.hpp"

#include <gtest/gtest.h>

namespace tapeline::feeds::simulator {
namespace {

Nanos utc(const char* text) { return parse_utc(text).value(); }

TEST(NewYork, ChangesItsClocksOnTheRightSundays) {
  EXPECT_EQ(new_york_stamp(utc("2025-07-11T23:55:00Z")), "2025-07-11 19:55:00");
  EXPECT_EQ(new_york_stamp(utc("2025-03-09T06:59:59Z")), "2025-03-09 01:59:59");
  EXPECT_EQ(new_york_stamp(utc("2025-03-09T07:00:00Z")), "2025-03-09 03:00:00");
  EXPECT_EQ(new_york_stamp(utc("2025-11-02T05:59:59Z")), "2025-11-02 01:59:59");
  EXPECT_EQ(new_york_stamp(utc("2025-11-02T06:00:00Z")), "2025-11-02 01:00:00");
}

TEST(NewYork, TradesOnWeekdaysAndMostAtOpenAndClose) {
  EXPECT_EQ(session_activity(Session::new_york, utc("2025-07-11T13:29:59Z")), 0);
  EXPECT_NEAR(session_activity(Session::new_york, utc("2025-07-11T13:30:00Z")), 1.8, 1e-9);
  EXPECT_NEAR(session_activity(Session::new_york, utc("2025-07-11T16:45:00Z")), 0.6, 1e-9);
  EXPECT_EQ(session_activity(Session::new_york, utc("2025-07-11T20:00:00Z")), 0);
  EXPECT_EQ(session_activity(Session::new_york, utc("2025-07-12T15:00:00Z")), 0);
  EXPECT_EQ(session_activity(Session::always, utc("2025-07-12T15:00:00Z")), 1);
}

TEST(NewYork, NamesTheLastTradingDay) {
  const TradingDay monday_morning = trading_day(Session::new_york, utc("2025-07-14T12:00:00Z"));
  EXPECT_EQ(monday_morning.date, "2025-07-11");
  EXPECT_EQ(format_utc(monday_morning.start_ns), "2025-07-11T13:30:00Z");
  EXPECT_EQ(format_utc(monday_morning.end_ns), "2025-07-11T20:00:00Z");
  EXPECT_EQ(trading_day(Session::new_york, utc("2025-07-14T13:30:00Z")).date, "2025-07-14");
}

TEST(NewYork, LetsTheEndlessDayTurnOverAtFour) {
  const TradingDay before = trading_day(Session::always, utc("2025-07-12T19:59:59Z"));
  EXPECT_EQ(before.date, "2025-07-12");
  const TradingDay after = trading_day(Session::always, utc("2025-07-12T20:00:00Z"));
  EXPECT_EQ(after.date, "2025-07-13");
  EXPECT_EQ(after.start_ns, utc("2025-07-12T20:00:00Z"));
  EXPECT_EQ(after.end_ns, utc("2025-07-13T20:00:00Z"));
}

}  // namespace
}  // namespace tapeline::feeds::simulator
