#include "core/indicators/rolling_moments.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "tests/conformance/kernels/oracle.hpp"

namespace tapeline {
namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

Int128 sum_of(const RollingMoments& moments) {
  return moments.read([](auto sum, double, auto) { return Int128{sum}; });
}
double spread_of(const RollingMoments& moments) {
  return moments.read([](auto, double spread, auto) { return spread; });
}

struct Reading {
  Int128 sum;
  double spread;
  Int128 newest;

  friend bool operator==(const Reading&, const Reading&) = default;
};
constexpr auto reading = [](auto sum, double spread, auto newest) { return Reading{sum, spread, newest}; };

/// Quiet stretches, steps up to the reach of a base and beyond, outliers, and levels of every size.
std::int64_t next_value(conformance::Dice& dice, std::int64_t last) {
  switch (dice.bits() % 64) {
    case 0: return static_cast<std::int64_t>(dice.bits());
    case 1: return static_cast<std::int64_t>(dice.bits()) >> (dice.bits() % 64);
    case 2: return last / 2 + dice.step(std::int64_t{1} << (dice.bits() % 40));
    default:
      return last < highest / 2 && last > lowest / 2 ? last + dice.step(std::int64_t{1} << (dice.bits() % 32)) : last;
  }
}

TEST(RollingMoments, SayWhatFullRangeMomentsSayToTheLastBit) {
  for (const std::uint32_t length : {1U, 2U, 14U, 20U, 333U, 5'000U}) {
    RollingMoments moments(length);
    FullRangeMoments wide(length);
    conformance::Dice dice(length);
    std::int64_t value = 6'500'000;
    for (int i = 0; i < 20'000; ++i) {
      value = next_value(dice, value);
      if (moments.ready_after()) {
        const Reading after{wide.sum_after(value), wide.spread_after(value), value};
        ASSERT_EQ(moments.read_after(value, reading), after) << "length " << length << ", value " << i;
      }
      moments.update(value);
      wide.update(value);
      ASSERT_EQ(moments.ready(), wide.ready());
      if (!moments.ready()) continue;
      const Reading now{wide.sum(), wide.spread(), wide.newest()};
      ASSERT_EQ(moments.read(reading), now) << "length " << length << ", value " << i;
    }
  }
}

TEST(RollingMoments, CopiesGoOnByThemselves) {
  RollingMoments moments(3);
  for (const std::int64_t value : {highest, std::int64_t{1}, std::int64_t{2}}) moments.update(value);
  RollingMoments copy = moments;
  copy.update(3);
  EXPECT_FALSE(copy == moments);
  moments.update(3);
  EXPECT_TRUE(copy == moments);
  EXPECT_EQ(copy.read(reading), moments.read(reading));
}

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
      ASSERT_TRUE(sum_of(moments) == conformance::exact_sum(window));
      const auto expected = static_cast<double>(conformance::population_sigma(window) * length);
      ASSERT_NEAR(spread_of(moments), expected, expected * 1e-15) << "length " << length << ", value " << i;
    }
  }
}

TEST(RollingMoments, ExtremesOfTheRangeHaveASpread) {
  RollingMoments moments(2);
  moments.update(lowest);
  moments.update(highest);
  EXPECT_TRUE(sum_of(moments) == -1);
  EXPECT_DOUBLE_EQ(spread_of(moments), 0x1p64);
  moments.update(highest);
  EXPECT_EQ(spread_of(moments), 0);
}

TEST(RollingMoments, EqualValuesHaveNoSpread) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, highest, lowest}) {
    RollingMoments moments(20);
    for (int i = 0; i < 50; ++i) moments.update(value);
    EXPECT_EQ(spread_of(moments), 0) << value;
  }
}

TEST(RollingMoments, SmallestSpreadIsSeenBesideTheLargestValues) {
  RollingMoments moments(20);
  for (int i = 0; i < 19; ++i) moments.update(900'000'000'000'000'000);
  moments.update(900'000'000'000'000'001);
  EXPECT_DOUBLE_EQ(spread_of(moments), std::sqrt(19.0));
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
