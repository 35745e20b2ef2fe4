// Cases computed by hand.
#include "core/backtest/performance.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/core/backtest/tapes.hpp"

namespace tapeline::backtest {
namespace {

Result curve(std::initializer_list<std::int64_t> equity) {
  Result result(whole(100));
  Nanos time_ns = 0;
  for (const std::int64_t amount : equity) {
    result.curve.add({time_ns += 86'400 * nanos_per_second, whole(amount), whole(amount), 0});
  }
  return result;
}

TEST(Performance, SharpeIsMeanOverDeviationAnnualised) {
  Market market;
  market.series = {{"A", "test", 252}};
  const Performance measured = measure(curve({110, 99, 108}), market, {});
  const double r[] = {0.10, -0.10, 108.0 / 99 - 1};
  const double mean = (r[0] + r[1] + r[2]) / 3;
  const double deviation =
      std::sqrt(((r[0] - mean) * (r[0] - mean) + (r[1] - mean) * (r[1] - mean) + (r[2] - mean) * (r[2] - mean)) / 2);
  EXPECT_NEAR(*measured.sharpe, mean / deviation * std::sqrt(252), 1e-12);
  EXPECT_NEAR(*measured.volatility_annual, deviation * std::sqrt(252), 1e-12);
  EXPECT_NEAR(*measured.sortino, mean / std::sqrt(0.01 / 3) * std::sqrt(252), 1e-12);
  EXPECT_NEAR(measured.total_return, 0.08, 1e-15);
  EXPECT_NEAR(measured.max_drawdown, 0.1, 1e-15);
  EXPECT_EQ(measured.max_drawdown_ns, 2 * 86'400 * nanos_per_second);
  EXPECT_FALSE(measured.return_annual.has_value());  // three days
}

TEST(Performance, OfSeveralCalendarsTheOneThatRestsLeastCounts) {
  Market market;
  market.series = {{"A", "test", 252}, {"B", "test", 365}};
  EXPECT_EQ(measure(curve({100}), market, {}).periods_per_year, 365);
}

TEST(Performance, WhatIsUndefinedIsMissing) {
  const Performance flat = measure(curve({100, 100, 100}), {}, {});
  EXPECT_FALSE(flat.sharpe || flat.sortino || flat.calmar || flat.hit_rate || flat.profit_factor);
  EXPECT_EQ(flat.total_return, 0);
  const Performance ruined = measure(curve({50, 0, -10}), {}, {});
  EXPECT_FALSE(ruined.sharpe.has_value());
  EXPECT_NEAR(ruined.total_return, -1.1, 1e-15);
  EXPECT_EQ(measure(Result(0), {}, {}).trades, 0U);
}

TEST(Performance, TradesAreCountedWhenTheyAreClosed) {
  Config config;
  config.quantity_decimals = 0;
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long},
                             {0, 1, 1000, 1500, close_long},
                             {0, 2, 1500, 1000, open_long},  // won 50
                             {0, 3, 1000, 1000, close_long},
                             {0, 4, 800, 1000, open_long},  // 15 shares, lost 30
                             {0, 5, 1000, 1100}});          // 12 shares, still open
  const Result result = run(tape, config, {}, whole(100));
  const Performance measured = measure(result, *tape.market, {});
  EXPECT_EQ(measured.trades, 2U);
  EXPECT_EQ(*measured.hit_rate, 0.5);
  EXPECT_NEAR(*measured.profit_factor, 50.0 / 30, 1e-12);
  EXPECT_NEAR(*measured.trade_profit_mean, 10, 1e-12);
  EXPECT_NEAR(*measured.buy_and_hold_return, 0.1, 1e-12);
  EXPECT_NEAR(*measured.time_in_market, 0.5, 1e-12);
  EXPECT_EQ(measured.orders, 5U);
  // 100 + 150 + 150 + 120 + 120 were traded.
  double mean = 0;
  for (const EquityPoint& point : result.equity) mean += to_double(point.equity) / 6;
  EXPECT_NEAR(*measured.turnover, 640 / mean, 1e-12);
}

TEST(Performance, TheUndefinedIsWorseThanAnything) {
  Performance good, bad, undefined;
  good.sharpe = 1;
  bad.sharpe = -3;
  EXPECT_TRUE(is_better(good, bad, Objective::sharpe));
  EXPECT_TRUE(is_better(bad, undefined, Objective::sharpe));
  EXPECT_FALSE(is_better(undefined, bad, Objective::sharpe));
  EXPECT_FALSE(is_better(undefined, undefined, Objective::sharpe));
  EXPECT_EQ(objective_of("return"), Objective::total_return);
  EXPECT_FALSE(objective_of("luck").has_value());
}

}  // namespace
}  // namespace tapeline::backtest
