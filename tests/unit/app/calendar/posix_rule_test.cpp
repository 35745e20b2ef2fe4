#include "app/calendar/posix_rule.hpp"

#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

constexpr Nanos second = nanos_per_second;

TEST(PosixRule, ChangesTheClocksTwiceAYear) {
  const auto rule = PosixRule::parse("EST5EDT,M3.2.0,M11.1.0");
  ASSERT_TRUE(rule);
  EXPECT_TRUE(rule->has_summer_time());
  const auto changes = rule->changes_of(std::chrono::year(2024));
  EXPECT_EQ(changes[0], (OffsetChange{1'710'054'000 * second, -14'400}));
  EXPECT_EQ(changes[1], (OffsetChange{1'730'613'600 * second, -18'000}));
}

TEST(PosixRule, ReadsTheFormsThatZonesHave) {
  // South of the equator, half an hour, quoted names.
  auto changes = PosixRule::parse("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")->changes_of(std::chrono::year(2024));
  EXPECT_EQ(changes[0], (OffsetChange{1'712'415'600 * second, 37'800}));
  EXPECT_EQ(changes[1], (OffsetChange{1'728'142'200 * second, 39'600}));
  // Dublin: its summer time is the standard one.
  changes = PosixRule::parse("IST-1GMT0,M10.5.0,M3.5.0/1")->changes_of(std::chrono::year(2024));
  EXPECT_EQ(changes[0], (OffsetChange{1'711'846'800 * second, 3'600}));
  EXPECT_EQ(changes[1], (OffsetChange{1'729'990'800 * second, 0}));
  // Nuuk changes on the evening before, Gaza two days after its Thursday.
  changes = PosixRule::parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")->changes_of(std::chrono::year(2024));
  EXPECT_EQ(changes[0], (OffsetChange{1'711'846'800 * second, -3'600}));
  EXPECT_EQ(PosixRule::parse("EET-2EEST,M3.4.4/50,M10.4.4/50")->changes_of(std::chrono::year(2040))[0].offset_s,
            10'800);
  EXPECT_FALSE(PosixRule::parse("IST-5:30")->has_summer_time());
}

TEST(PosixRule, RefusesWhatIsNone) {
  for (const char* text :
       {"", "EST", "5", "EST5EDT,", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x", "<-025", "EST5EDT,J60,J300", "EST168", "EST5:60"}) {
    EXPECT_FALSE(PosixRule::parse(text)) << text;
  }
}

}  // namespace
}  // namespace tapeline::app
