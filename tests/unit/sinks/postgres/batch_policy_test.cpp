#include "sinks/postgres/batch_policy.hpp"

#include <gtest/gtest.h>

namespace tapeline::sinks::postgres {
namespace {

constexpr Nanos ms = nanos_per_millisecond;

TEST(BatchPolicy, SendsFewRowsSoon) {
  const BatchPolicy policy;
  EXPECT_FALSE(policy.is_due(1, ms / 4 - 1));
  EXPECT_TRUE(policy.is_due(1, ms / 4));
  EXPECT_TRUE(policy.is_due(75, ms / 4));
  EXPECT_FALSE(policy.is_due(150, ms / 2 - 1));
  EXPECT_TRUE(policy.is_due(150, ms / 2));
  EXPECT_FALSE(policy.is_due(300, ms - 1));
  EXPECT_TRUE(policy.is_due(300, ms));
}

TEST(BatchPolicy, IsInNoHurryWithoutRows) {
  const BatchPolicy policy;
  EXPECT_FALSE(policy.is_due(0, 20 * ms - 1));
  EXPECT_TRUE(policy.is_due(0, 20 * ms));
}

TEST(BatchPolicy, LetsMoreWaitForCompany) {
  const BatchPolicy policy;
  EXPECT_FALSE(policy.is_due(301, ms));
  EXPECT_FALSE(policy.is_due(19'999, 20 * ms - 1));
  EXPECT_TRUE(policy.is_due(301, 20 * ms));
  EXPECT_TRUE(policy.is_due(20'000, 0));
}

TEST(BatchPolicy, WaitsNoLongerThanItIsTold) {
  EXPECT_TRUE((BatchPolicy{.delay_ns_max = 0}.is_due(1, 0)));
  EXPECT_TRUE((BatchPolicy{.delay_ns_max = ms / 2}.is_due(1'000, ms / 2)));
  EXPECT_FALSE((BatchPolicy{.delay_quiet_ns_max = 60'000 * ms}.is_due(1, 19 * ms)));
}

}  // namespace
}  // namespace tapeline::sinks::postgres
