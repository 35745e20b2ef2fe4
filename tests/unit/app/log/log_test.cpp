#include "app/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/output_thread.hpp"

namespace tapeline::app {
namespace {

TEST(LogAllowance, LetsABurstThroughAndThenSoManyASecond) {
  LogAllowance allowance;
  Nanos now_ns = 1'000 * nanos_per_second;
  int written = 0;
  for (int i = 0; i < 1'000; ++i) written += allowance.take(now_ns) ? 1 : 0;
  EXPECT_EQ(written, static_cast<int>(log_burst));
  EXPECT_EQ(allowance.take_left_out(), 950U);
  for (int tenth = 0; tenth < 100; ++tenth) {
    now_ns += nanos_per_second / 10;
    for (int i = 0; i < 10; ++i) written += allowance.take(now_ns) ? 1 : 0;
  }
  EXPECT_NEAR(written, log_burst + 10 * log_per_second, 1);
}

TEST(Log, LeavesOutAFloodOfOneStageAndSaysSo) {
  Log log({});
  testing::internal::CaptureStderr();
  for (int i = 0; i < 1'000; ++i) log.write(Severity::warning, "chatty", "line " + std::to_string(i));
  log.write(Severity::critical, "chatty", "the disk is full");
  log.write(Severity::info, "quiet", "still heard");
  EXPECT_TRUE(standard_error().flush());
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_THAT(written, testing::HasSubstr("chatty: line 49\n"));
  EXPECT_THAT(written, testing::Not(testing::HasSubstr("chatty: line 999\n")));
  EXPECT_THAT(written, testing::HasSubstr("chatty: the disk is full\n"));
  EXPECT_THAT(written, testing::HasSubstr("quiet: still heard\n"));
}

}  // namespace
}  // namespace tapeline::app
