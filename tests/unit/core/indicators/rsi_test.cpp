#include "core/indicators/rsi.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/conformance/kernels/series.hpp"

namespace tapeline {
namespace {

TEST(Rsi, AllUpIsAHundredAndAllDownIsZero) {
  Rsi up(14);
  Rsi down(14);
  for (int i = 0; i < 100; ++i) {
    up.update(10'000 + i);
    down.update(10'000 - i);
  }
  EXPECT_EQ(up.value(), 100.0);
  EXPECT_EQ(down.value(), 0.0);
}

TEST(Rsi, FlatMarketIsUndefined) {
  Rsi rsi(14);
  for (int i = 0; i < 15; ++i) {
    EXPECT_FALSE(rsi.flat());
    rsi.update(4'200);
  }
  EXPECT_TRUE(rsi.ready());
  EXPECT_TRUE(rsi.flat());
  EXPECT_EQ(rsi.value(), std::nullopt);
  EXPECT_TRUE(rsi.flat_after(4'200));
  EXPECT_FALSE(rsi.flat_after(4'201));
  EXPECT_EQ(rsi.peek(4'201), 100.0);
}

TEST(Rsi, FlatStretchKeepsTheRatioForEver) {
  Rsi rsi(14);
  for (const std::int64_t close : conformance::random_walk(100, 10'000, 100)) rsi.update(close);
  const std::int64_t last = 10'000;
  rsi.update(last);
  const double before = *rsi.value();
  ASSERT_GT(before, 1);
  ASSERT_LT(before, 99);
  for (int i = 0; i < 100'000; ++i) rsi.update(last);
  EXPECT_NEAR(*rsi.value(), before, before * 1e-12);
  rsi.update(last + 1);  // and the next move is all that counts
  EXPECT_NEAR(*rsi.value(), 100.0, 1e-12);
}

TEST(Rsi, TwoStartsConvergeByOneOverNth) {
  // All moves are of one size, so the averages always add up to it and RSI differs exactly as they do.
  constexpr std::int64_t move = 50;
  for (const std::uint32_t length : {2U, 14U, 20U}) {
    Rsi early(length);
    Rsi late(length);
    conformance::Dice dice(length);
    std::int64_t close = 100'000;
    for (std::uint32_t i = 0; i < 3 * length; ++i) early.update(close += move);
    for (std::uint32_t i = 0; i <= length; ++i) {  // the seed of `late` goes up and down
      close += i % 2 == 0 ? move : -move;
      early.update(close);
      late.update(close);
    }
    const double difference = *early.value() - *late.value();
    ASSERT_GT(std::abs(difference), 0.1);
    double expected = difference;
    for (int k = 1; k <= 100; ++k) {
      close += dice.bits() % 2 == 0 ? move : -move;
      early.update(close);
      late.update(close);
      expected *= 1 - 1.0 / length;
      ASSERT_NEAR(*early.value() - *late.value(), expected, 1e-11) << "k = " << k;
    }
  }
}

}  // namespace
}  // namespace tapeline
