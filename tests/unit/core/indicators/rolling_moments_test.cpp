#include "core/indicators/rolling_moments.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "tests/conformance/kernels/oracle.hpp"

namespace tapeline {
namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

TEST(RollingMoments, AgreesWithTwoPassesOverTheWholeRange) {
  for (const std::uint32_t length : {1U, 2U, 3U, 20U, 333U}) {
    RollingMoments moments(length);
    conformance::Dice dice(length);
    conformance::Series values;
    for (int i = 0; i < 2'000; ++i) {
      // magnitudes of all sizes, so that wild values come and go
      values.push_back(static_cast<std::int64_t>(dice.bits()) >> (dice.bits() % 64));
      moments.update(values.back());
      if (!moments.ready()) continue;
      const conformance::Closes window = conformance::Closes(values).last(length);
      ASSERT_TRUE(moments.sum() == conformance::exact_sum(window));
      const auto expected = static_cast<double>(conformance::population_sigma(window) * length);
      ASSERT_NEAR(moments.spread(), expected, expected * 1e-15) << "length " << length << ", value " << i;
    }
  }
}

TEST(RollingMoments, ExtremesOfTheRangeHaveASpread) {
  RollingMoments moments(2);
  moments.update(lowest);
  moments.update(highest);
  EXPECT_TRUE(moments.sum() == -1);
  EXPECT_DOUBLE_EQ(moments.spread(), 0x1p64);
  moments.update(highest);
  EXPECT_EQ(moments.spread(), 0);
}

TEST(RollingMoments, EqualValuesHaveNoSpread) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, highest, lowest}) {
    RollingMoments moments(20);
    for (int i = 0; i < 50; ++i) moments.update(value);
    EXPECT_EQ(moments.spread(), 0) << value;
  }
}

TEST(RollingMoments, SmallestSpreadIsSeenBesideTheLargestValues) {
  RollingMoments moments(20);
  for (int i = 0; i < 19; ++i) moments.update(900'000'000'000'000'000);
  moments.update(900'000'000'000'000'001);
  EXPECT_DOUBLE_EQ(moments.spread(), std::sqrt(19.0));
}

TEST(RollingMoments, StateDoesNotTellWhereTheRingBegan) {
  RollingMoments early(3);
  RollingMoments late(3);
  early.update(highest);
  for (const std::int64_t value : {5, 6, 7}) {
    early.update(value);
    late.update(value);
  }
  EXPECT_TRUE(early == late);
  late.update(8);
  EXPECT_FALSE(early == late);
}

TEST(RollingMoments, SameValuesInAnotherOrderAreAnotherState) {
  RollingMoments up(2);
  RollingMoments down(2);
  up.update(1);
  up.update(2);
  down.update(2);
  down.update(1);
  EXPECT_FALSE(up == down);
}

}  // namespace
}  // namespace tapeline
