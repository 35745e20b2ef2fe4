#include "core/backtest/money.hpp"

#include <random>
#include <stdexcept>

#include <gtest/gtest.h>

namespace tapeline::backtest {
namespace {

TEST(Money, IsRoundedOnceHalfAwayFromZero) {
  // 0.00000001 * 0.5 and a hair less.
  EXPECT_EQ(notional_of({1, -8}, 5, 1), 1);
  EXPECT_EQ(notional_of({1, -8}, 49, 2), 0);
  EXPECT_EQ(notional_of({12'345, -2}, 3, 0), Money{37'035'000'000});
  EXPECT_EQ(share_of(-3, rate_unit / 2), -2);
  EXPECT_EQ(share_of(3, rate_unit / 2), 2);
  EXPECT_EQ(share_of(Money{1'000'000} * money_unit, rate_of(2.5)), Money{250} * money_unit);
}

TEST(Money, IsReadFromNumbersToTheUnit) {
  EXPECT_EQ(money_of(100'000), Money{100'000} * money_unit);
  EXPECT_EQ(money_of(0.1), money_unit / 10);
  EXPECT_EQ(money_of(-0.1), -money_unit / 10);
  EXPECT_THROW(static_cast<void>(money_of(1e18)), std::range_error);
}

TEST(Money, IsWrittenPlainly) {
  EXPECT_EQ(to_string(Money{0}), "0");
  EXPECT_EQ(to_string(Money{-1'250'000'000}), "-12.5");
  EXPECT_EQ(to_string(Money{1}), "0.00000001");
  EXPECT_EQ(to_string(Price{1'200, -2}), "12");
  EXPECT_EQ(to_string(Price{1'200, 0}), "1200");
}

TEST(Money, APriceIsMovedExactly) {
  const Price up = moved_price({10'000, -2}, rate_of(1));
  EXPECT_EQ(to_string(up), "100.01");
  EXPECT_EQ(to_string(moved_price({10'000, -2}, -rate_of(0.01))), "99.9999");
  EXPECT_EQ(to_string(moved_price({10'000, -2}, 0)), "100");
}

TEST(Money, WhatDoesNotFitIsRefused) {
  EXPECT_THROW(static_cast<void>(notional_of({Int128{1} << 100, 0}, std::int64_t{1} << 40, 0)), std::range_error);
  EXPECT_THROW(static_cast<void>(affordable_quantity({1, -30}, 8, money_of(1e15), {})), std::range_error);
}

TEST(Money, TheAffordableQuantityIsTheLargest) {
  std::mt19937_64 random(7);
  const auto draw = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  for (int i = 0; i < 20'000; ++i) {
    const int decimals = static_cast<int>(draw(0, 8));
    const Price price{draw(1, 10'000'000), -static_cast<int>(draw(0, 9))};
    const Money budget = draw(0, 1'000'000) * Money{draw(1, money_unit)} / 1'000;
    const Fees fees{draw(0, 20'000), draw(0, 2) * money_unit};
    std::int64_t quantity = 0;
    try {
      quantity = affordable_quantity(price, decimals, budget, fees);
    } catch (const std::range_error&) {
      continue;  // more than 9e18 units
    }
    const auto cost = [&](std::int64_t units) {
      const Money notional = notional_of(price, units, decimals);
      return notional + fees.of(notional);
    };
    if (quantity > 0) {
      EXPECT_LE(cost(quantity), budget);
    }
    EXPECT_GT(cost(quantity + 1), budget);
  }
}

}  // namespace
}  // namespace tapeline::backtest
