#include "app/calendar/time_zone.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

constexpr Nanos second = nanos_per_second;

TEST(TimeZone, HasTheOffsetsOfPythonsZoneinfo) {
  const struct {
    const char* zone;
    std::int64_t time_s;
    std::int32_t offset_s;
  } expected[] = {
      {"America/New_York", -1'000'000'000, -14'400},
      {"America/New_York", 0, -18'000},
      {"America/New_York", 1'710'053'999, -18'000},
      {"America/New_York", 1'710'054'000, -14'400},
      {"America/New_York", 1'730'613'599, -14'400},
      {"America/New_York", 1'730'613'600, -18'000},
      {"Australia/Lord_Howe", 1'712'415'599, 39'600},
      {"Australia/Lord_Howe", 1'712'415'600, 37'800},
      {"Australia/Lord_Howe", 1'728'142'199, 37'800},
      {"Australia/Lord_Howe", 1'728'142'200, 39'600},
      {"Europe/Dublin", 1'711'846'799, 0},
      {"Europe/Dublin", 1'711'846'800, 3'600},
      {"Asia/Kolkata", 0, 19'800},
      {"Asia/Kolkata", 1'714'500'000, 19'800},
      {"Asia/Kathmandu", 0, 19'800},
      {"Asia/Kathmandu", 1'714'500'000, 20'700},
      {"UTC", 1'714'500'000, 0},
      // Beyond 2037, where files end and rules begin.
      {"Europe/Dublin", 2'540'000'000, 3'600},
      {"Europe/Dublin", 2'524'608'000, 0},
      {"America/Nuuk", 2'540'000'000, -3'600},
      {"America/Nuuk", 2'531'000'000, -7'200},
  };
  for (const auto& [zone, time_s, offset_s] : expected) {
    EXPECT_EQ(make_trading_calendar(Calendar::crypto, zone).offset_s(time_s * second), offset_s) << zone << time_s;
  }
}

TEST(TimeZone, HasTheMidnightsOfPythonsZoneinfo) {
  const struct {
    const char* zone;
    std::int64_t start_s;
    std::int64_t end_s;
  } days[] = {
      {"America/New_York", 1'710'046'800, 1'710'129'600},     // 2024-03-10, 23 h
      {"America/New_York", 1'730'606'400, 1'730'696'400},     // 2024-11-03, 25 h
      {"America/New_York", 2'530'760'400, 2'530'843'200},     // 2050-03-13, 23 h
      {"America/New_York", 2'551'320'000, 2'551'410'000},     // 2050-11-06, 25 h
      {"Australia/Lord_Howe", 1'712'408'400, 1'712'496'600},  // 2024-04-07, 24.5 h
      {"Australia/Lord_Howe", 1'728'135'000, 1'728'219'600},  // 2024-10-06, 23.5 h
      {"Asia/Kolkata", 1'714'501'800, 1'714'588'200},         // 2024-05-01, from 18:30 UTC
      {"Pacific/Apia", 1'325'152'800, 1'325'239'200},         // 2011-12-29, the next is the 31st
      {"Pacific/Apia", 1'325'239'200, 1'325'325'600},
      {"America/Havana", 1'730'606'400, 1'730'696'400},  // 2024-11-03, midnight struck twice
  };
  for (const auto& [zone, start_s, end_s] : days) {
    const TradingCalendar calendar = make_trading_calendar(Calendar::crypto, zone);
    for (const Nanos time_ns : {start_s * second, (start_s + end_s) / 2 * second, end_s * second - 1}) {
      EXPECT_EQ(calendar.day_start(time_ns), start_s * second) << zone;
      EXPECT_EQ(calendar.next_day_start(time_ns), end_s * second) << zone;
    }
  }
}

TEST(TimeZone, TilesTimeWithDaysInEveryZoneThatTheMachineKnows) {
  const auto zones = time_zone_names();
  ASSERT_GT(zones.size(), 300U);
  for (const std::string& zone : zones) {
    const TradingCalendar calendar = make_trading_calendar(Calendar::us_equity, zone);
    Nanos start_ns = calendar.day_start(0);
    for (int day = 0; day < 31'000; ++day) {  // until 2054
      const Nanos end_ns = calendar.next_day_start(start_ns);
      ASSERT_GT(end_ns - start_ns, 0) << zone;
      ASSERT_LT(end_ns - start_ns, 48 * 3'600 * second) << zone;  // Vostok has had one of 31 hours
      ASSERT_EQ(calendar.day_start(end_ns - 1), start_ns) << zone;
      ASSERT_EQ(calendar.day_start(end_ns), end_ns) << zone;
      start_ns = end_ns;
    }
  }
}

TEST(TimeZone, IsKnownByItsExactNameOnly) {
  for (const char* name : {"UTC", "America/New_York", "Asia/Kolkata", "Europe/London"}) EXPECT_TRUE(is_time_zone(name));
  for (const char* name : {"", "utc", "America/NewYork", "EDT5", "../UTC", "America"}) EXPECT_FALSE(is_time_zone(name));
  EXPECT_THROW(static_cast<void>(make_trading_calendar(Calendar::crypto, "America/NewYork")), std::invalid_argument);
}

}  // namespace
}  // namespace tapeline::app
