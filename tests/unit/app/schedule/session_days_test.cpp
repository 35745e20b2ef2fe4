#include "app/schedule/session_days.hpp"

#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

std::chrono::sys_days day(const char* text) { return *parse_date(text); }

TEST(SessionDays, KnowTheHolidaysOfNewYork) {
  const auto days = SessionDays::named("XNYS");
  ASSERT_TRUE(days);
  EXPECT_TRUE(days->is_session(day("2026-11-25")));
  EXPECT_FALSE(days->is_session(day("2026-11-26"))) << "Thanksgiving";
  EXPECT_FALSE(days->is_session(day("2026-11-28"))) << "a Saturday";
  EXPECT_FALSE(days->is_session(day("2018-12-05"))) << "mourning for G. H. W. Bush";
  EXPECT_FALSE(days->is_session(day("2027-07-05"))) << "Independence Day falls on a Sunday";
  EXPECT_EQ(days->close_of(day("2026-11-25")), std::chrono::hours(16));
  EXPECT_EQ(days->close_of(day("2026-11-27")), std::chrono::hours(13)) << "the day after closes early";
  EXPECT_EQ(days->previous_session(day("2026-11-30")), day("2026-11-27"));
  EXPECT_EQ(days->previous_session(day("2026-04-06")), day("2026-04-02")) << "over Good Friday";
  EXPECT_EQ(days->last_known(), day("2035-12-31"));
}

TEST(SessionDays, AreEveryDayOrEveryWeekday) {
  EXPECT_TRUE(SessionDays::named("always")->is_session(day("2026-11-28")));
  EXPECT_FALSE(SessionDays::named("weekdays")->is_session(day("2026-11-28")));
  EXPECT_TRUE(SessionDays::named("weekdays")->is_session(day("2026-12-25")));
  EXPECT_EQ(SessionDays::named("always")->close_of(day("2026-11-28")), std::chrono::hours(24));
  EXPECT_FALSE(SessionDays::named("XXXX"));
}

TEST(SessionDays, TakeDaysOfOnesOwn) {
  auto days = *SessionDays::named("XLON");
  EXPECT_TRUE(days.is_session(day("2026-12-23")));
  days.close_on(day("2026-12-23"));
  EXPECT_FALSE(days.is_session(day("2026-12-23")));
}

TEST(SessionDays, ReadDates) {
  EXPECT_EQ(format_date(day("2028-02-29")), "2028-02-29");
  for (const char* wrong : {"2026-02-29", "2026-13-01", "26-01-01", "2026/01/01", "", "2026-1-01", "2026-01-0x"}) {
    EXPECT_FALSE(parse_date(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace tapeline::app
