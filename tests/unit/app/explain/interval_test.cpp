#include <gtest/gtest.h>

#include "app/commands/explain.hpp"

namespace tapeline::app {
namespace {

TEST(Interval, IsReadInSecondsMinutesHoursAndDays) {
  const std::pair<const char*, std::uint32_t> cases[] = {
      {"1", 1}, {"60", 60}, {"60s", 60}, {"5m", 300}, {"1h", 3'600}, {"1d", 86'400}, {"366d", 366U * 86'400U}};
  for (const auto& [text, seconds] : cases) EXPECT_EQ(parse_interval(text), seconds) << text;
}

TEST(Interval, RefusesEverythingElse) {
  for (const char* text :
       {"", "0", "0m", "m", "-1", "1w", "1min", "1 m", "1.5h", "367d", "99999999999", "4294967295d"}) {
    EXPECT_FALSE(parse_interval(text)) << text;
  }
}

}  // namespace
}  // namespace tapeline::app
