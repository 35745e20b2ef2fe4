#include "core/indicators/wide_moments.hpp"

#include <gtest/gtest.h>

#include "core/indicators/rolling_moments.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline {
namespace {

constexpr UInt128 ones = ~UInt128{0};

TEST(UInt256, CarriesAndBorrowsAcrossItsHalves) {
  const UInt256 low{0, ones};
  const UInt256 one{0, 1};
  EXPECT_TRUE(low + one == (UInt256{1, 0}));
  EXPECT_TRUE((UInt256{1, 0} - one) == low);
  EXPECT_TRUE((UInt256{} - one) == (UInt256{ones, ones}));
}

TEST(UInt256, MultipliesByAWord) {
  // (2^128 - 1) * (2^64 - 1) = 2^192 - 2^128 - 2^64 + 1
  const UInt256 product = UInt256{0, ones} * ~std::uint64_t{0};
  EXPECT_TRUE(product.high == (UInt128{1} << 64) - 2);
  EXPECT_TRUE(product.low == ones - (UInt128{1} << 64) + 2);
  EXPECT_TRUE((UInt256{3, 5} * 7 == UInt256{21, 35}));
}

TEST(UInt256, SquaresWideIntegersOfEitherSign) {
  // (2^100 + 3)^2 = 2^200 + 6 * 2^100 + 9
  const Int128 value = (Int128{1} << 100) + 3;
  const UInt256 expected{UInt128{1} << 72, (UInt128{6} << 100) + 9};
  EXPECT_TRUE(UInt256::square(value) == expected);
  EXPECT_TRUE(UInt256::square(-value) == expected);
  // (a + 1)^2 - a^2 = 2 a + 1
  conformance::Dice dice(1);
  for (int i = 0; i < 1'000; ++i) {
    const Int128 a = static_cast<Int128>((UInt128{dice.bits()} << 45) + dice.bits());
    const UInt256 difference = UInt256::square(a + 1) - UInt256::square(a);
    ASSERT_TRUE(difference == (UInt256{0, static_cast<UInt128>(2 * a + 1)}));
  }
}

TEST(WideMoments, AgreesWithTheNarrowOnesAtAnyScale) {
  for (const std::uint32_t length : {2U, 20U, 333U}) {
    FullRangeMoments narrow(length);
    WideMoments wide(length);
    conformance::Dice dice(length);
    for (int i = 0; i < 2'000; ++i) {
      const std::int64_t value = dice.step(std::int64_t{1} << (dice.bits() % 50));
      narrow.update(value);
      wide.update(Int128{value} << 58);
      if (!narrow.ready()) continue;
      ASSERT_DOUBLE_EQ(wide.spread(), narrow.spread() * 0x1p58) << i;
    }
  }
}

TEST(WideMoments, SmallestSpreadIsSeenBesideTheLargestValues) {
  WideMoments moments(20);
  const Int128 large = (Int128{1} << 109) - 2;
  for (int i = 0; i < 19; ++i) moments.update(-large);
  moments.update(-large - 1);
  EXPECT_DOUBLE_EQ(moments.spread(), std::sqrt(19.0));
}

}  // namespace
}  // namespace tapeline
