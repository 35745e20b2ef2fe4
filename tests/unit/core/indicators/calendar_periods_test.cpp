#include "core/indicators/calendar_periods.hpp"

#include <gtest/gtest.h>

namespace tapeline {
namespace {

TEST(PeriodsPerYear, CryptoNeverSleeps) {
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::crypto, 86'400), 365);
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::crypto, 60), 365 * 24 * 60);
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::crypto, 1), 365 * 86'400);
}

TEST(PeriodsPerYear, EquitiesHaveSessions) {
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::us_equity, 60), 252 * 390);
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::us_equity, 3'600), 252 * 6.5);
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::us_equity, 23'400), 252);
}

TEST(PeriodsPerYear, BarLongerThanASessionComesOnceASession) {
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::us_equity, 8 * 3'600), 252);
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::us_equity, 86'400), 252);
  EXPECT_DOUBLE_EQ(periods_per_year(Calendar::us_equity, 7 * 86'400), 365.0 / 7);
}

}  // namespace
}  // namespace tapeline
