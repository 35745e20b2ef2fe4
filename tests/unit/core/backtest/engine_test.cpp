// Cases computed by hand.
#include "core/backtest/engine.hpp"

#include <gmock/gmock.h>

#include "tests/unit/core/backtest/tapes.hpp"

namespace tapeline::backtest {
namespace {

Config whole_shares() {
  Config config;
  config.quantity_decimals = 0;
  return config;
}

TEST(Engine, FillsAtTheNextOpen) {
  const Tape tape =
      tape_of({{0, 0, 1000, 1000, open_long}, {0, 1, 1100, 1200}, {0, 2, 1250, 1300, close_long}, {0, 3, 1400, 1000}});
  const Result result = run(tape, whole_shares(), {}, whole(100));
  // 100 buys 9 shares at 11.00; sold at 14.00.
  ASSERT_EQ(result.orders.size(), 2U);
  EXPECT_EQ(result.orders[0].quantity, 9);
  EXPECT_EQ(result.orders[0].time_ns, minute_ns);
  EXPECT_EQ(result.orders[0].cash_after, whole(1));
  EXPECT_EQ(result.orders[1].time_ns, 3 * minute_ns);
  EXPECT_EQ(result.orders[1].cash_after, whole(127));
  ASSERT_EQ(result.trades.size(), 1U);
  EXPECT_EQ(result.trades[0].profit(), whole(27));
  EXPECT_EQ(result.trades[0].bars, 2U);
  ASSERT_EQ(result.equity.size(), 4U);
  EXPECT_EQ(result.equity[0].equity, whole(100));
  EXPECT_EQ(result.equity[1].equity, whole(1 + 9 * 12));
  EXPECT_EQ(result.equity[1].exposure, whole(9 * 12));
  EXPECT_EQ(result.equity[3].equity, whole(127));
}

TEST(Engine, FillsAtTheSameClose) {
  Config config = whole_shares();
  config.fill = Fill::same_close;
  const Tape tape = tape_of({{0, 0, 900, 1000, open_long}, {0, 1, 1100, 1200, close_long}});
  const Result result = run(tape, config, {}, whole(100));
  ASSERT_EQ(result.trades.size(), 1U);
  EXPECT_EQ(result.trades[0].quantity, 10);
  EXPECT_EQ(result.trades[0].profit(), whole(20));
  EXPECT_EQ(result.equity[0].exposure, whole(100));
  EXPECT_EQ(result.equity[1].equity, whole(120));
}

TEST(Engine, TakesFeesAndSlippage) {
  Config config = whole_shares();
  config.fee_bps = 100;  // 1 %
  config.fee_fixed = 0.5;
  config.slippage_bps = 1'000;  // 10 %
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long}, {0, 1, 1000, 1000, close_long}, {0, 2, 1000, 1000}});
  const Result result = run(tape, config, {}, whole(100));
  // Bought at 11: 8 shares cost 88 + 0.88 + 0.50, a ninth would cost 100.49. Sold at 9: 72 - 0.72 - 0.50.
  ASSERT_EQ(result.orders.size(), 2U);
  EXPECT_EQ(result.orders[0].quantity, 8);
  EXPECT_EQ(result.orders[0].fee, cents(138));
  EXPECT_EQ(result.orders[1].fee, cents(122));
  EXPECT_EQ(result.orders[1].cash_after, cents(10'000 - 8'938 + 7'078));
  EXPECT_EQ(result.trades[0].profit(), cents(-1'860));
  EXPECT_EQ(result.slippage, whole(16));
}

TEST(Engine, ReversesFromLongToShort) {
  Config config = whole_shares();
  config.direction = Direction::both;
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long | close_short},
                             {0, 1, 1000, 1000, close_long | open_short},
                             {0, 2, 1000, 800, open_long | close_short},
                             {0, 3, 500, 500}});
  const Result result = run(tape, config, {}, whole(100));
  ASSERT_EQ(result.trades.size(), 3U);
  EXPECT_EQ(result.trades[0].profit(), 0);
  EXPECT_EQ(result.trades[1].quantity, -10);
  EXPECT_EQ(result.trades[1].profit(), whole(50));
  EXPECT_EQ(result.equity[2].equity, whole(120));  // ten sold at 10 are owed at 8
  EXPECT_EQ(result.equity[2].cash, whole(200));
  EXPECT_EQ(result.trades[2].quantity, 30);  // 150 at 5
  EXPECT_EQ(result.trades[2].end, TradeEnd::open);
}

TEST(Engine, OneAccountServesAllSymbols) {
  Config config = whole_shares();
  config.fraction = 0.6;
  const Tape tape = tape_of(
      {{0, 0, 1000, 1000, open_long}, {1, 0, 1000, 1000, open_long}, {0, 1, 1000, 1000}, {1, 1, 1000, 1000}}, 2);
  const Result result = run(tape, config, {}, whole(100));
  // 60 go to the first symbol, 40 are left of the second's 60.
  ASSERT_EQ(result.orders.size(), 2U);
  EXPECT_EQ(result.orders[0].quantity, 6);
  EXPECT_EQ(result.orders[1].quantity, 4);
  EXPECT_EQ(result.equity.back().cash, 0);
}

TEST(Engine, ClosesBeforeItOpensAtOneInstant) {
  const Tape tape = tape_of({{0, 0, 1000, 1000},
                             {1, 0, 1000, 1000, open_long},
                             {0, 1, 1000, 1000, open_long},
                             {1, 1, 1000, 1000, close_long},
                             {0, 2, 1000, 1000},
                             {1, 2, 1000, 1000}},
                            2);
  const Result result = run(tape, whole_shares(), {}, whole(100));
  ASSERT_EQ(result.orders.size(), 3U);
  EXPECT_EQ(result.orders[1].action, close_long);
  EXPECT_EQ(result.orders[2].action, open_long);
  EXPECT_EQ(result.orders[2].quantity, 10);
}

TEST(Engine, DoesNotLookIntoOtherBarsOfTheSameInterval) {
  // B's size at minute 1 hangs on A's close of minute 0, not of minute 1.
  Config config = whole_shares();
  config.fraction = 0.5;
  const Tape tape = tape_of({{0, -1, 1000, 1000, open_long},
                             {0, 0, 1000, 1000},
                             {1, 0, 1000, 1000, open_long},
                             {0, 1, 1000, 9000},
                             {1, 1, 1000, 1000}},
                            2);
  const Result result = run(tape, config, {}, whole(100));
  ASSERT_EQ(result.orders.size(), 2U);
  EXPECT_EQ(result.orders[1].quantity, 5);
}

TEST(Engine, KeepsWhatCannotBeFilledWithItsReason) {
  Config config = whole_shares();
  config.sizing = Sizing::quantity;
  config.quantity = 11;
  const Tape too_much = tape_of({{0, 0, 1000, 1000, open_long}, {0, 1, 1000, 1000, open_long}});
  Result result = run(too_much, config, {}, whole(100));
  ASSERT_EQ(result.orders.size(), 2U);
  EXPECT_EQ(result.orders[0].status, OrderStatus::rejected);
  EXPECT_EQ(result.orders[0].reason, OrderReason::insufficient_funds);
  EXPECT_EQ(result.orders[1].status, OrderStatus::pending);
  EXPECT_EQ(result.orders[1].reason, OrderReason::no_next_bar);
  EXPECT_EQ(result.equity.back().equity, whole(100));

  result = run(too_much, whole_shares(), {}, whole(9));
  EXPECT_EQ(result.orders[0].reason, OrderReason::below_minimum);
}

TEST(Engine, AFixedNotionalIsRoundedDown) {
  Config config = whole_shares();
  config.sizing = Sizing::notional;
  config.notional = 35;
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long}, {0, 1, 1000, 1000}});
  EXPECT_EQ(run(tape, config, {}, whole(100)).orders[0].quantity, 3);
}

TEST(Engine, TradesOnlyWithinTheWindow) {
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long},
                             {0, 1, 1000, 1000, open_long},
                             {0, 2, 1000, 1100},
                             {0, 3, 1100, 1100, close_long},
                             {0, 4, 5000, 5000}});
  const Result result = run(tape, whole_shares(), {minute_ns, 4 * minute_ns}, whole(100));
  ASSERT_EQ(result.orders.size(), 2U);
  EXPECT_EQ(result.orders[0].signal_ns, 2 * minute_ns);
  EXPECT_EQ(result.orders[1].status, OrderStatus::pending);
  EXPECT_EQ(result.bars, 3U);
  EXPECT_EQ(result.equity.back().equity, whole(110));
}

TEST(Engine, ClosesAtTheEndWhereItIsAskedTo) {
  Config config = whole_shares();
  config.close_at_end = true;
  config.fee_bps = 100;
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long}, {0, 1, 1000, 1100}});
  const Result result = run(tape, config, {}, whole(101));
  ASSERT_EQ(result.trades.size(), 1U);
  EXPECT_EQ(result.trades[0].end, TradeEnd::end);
  EXPECT_EQ(result.equity.back().equity, cents(10'890));
  EXPECT_EQ(result.equity.back().exposure, 0);
}

TEST(Engine, WaitsForTheNextBarHoweverLong) {
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long}, {1, 1, 500, 500}, {1, 2, 500, 500}, {0, 9, 2000, 2000}}, 2);
  const Result result = run(tape, whole_shares(), {}, whole(100));
  ASSERT_EQ(result.orders.size(), 1U);
  EXPECT_EQ(result.orders[0].time_ns, 9 * minute_ns);
  EXPECT_EQ(result.orders[0].quantity, 5);
}

TEST(Engine, NothingComesOfNothing) {
  const Result result = run(tape_of({}), whole_shares(), {}, whole(100));
  EXPECT_TRUE(result.orders.empty() && result.trades.empty() && result.equity.empty());
}

TEST(Engine, ContradictoryRulesOpenNothing) {
  Config config = whole_shares();
  config.direction = Direction::both;
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_long | open_short}, {0, 1, 1000, 1000}});
  EXPECT_TRUE(run(tape, config, {}, whole(100)).orders.empty());
}

TEST(Engine, WithNothingLeftNothingIsOpened) {
  Config config = whole_shares();
  config.direction = Direction::short_only;
  const Tape tape = tape_of({{0, 0, 1000, 1000, open_short},
                             {0, 1, 1000, 3000, close_short},
                             {0, 2, 3000, 3000, open_short},
                             {0, 3, 3000, 3000}});
  const Result result = run(tape, config, {}, whole(100));
  ASSERT_EQ(result.orders.size(), 3U);
  EXPECT_EQ(result.orders[1].cash_after, whole(-100));
  EXPECT_EQ(result.orders[2].reason, OrderReason::no_equity);
}

}  // namespace
}  // namespace tapeline::backtest
