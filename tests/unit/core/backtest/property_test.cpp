// What holds for every tape: money is neither made nor lost, nothing is traded before its signal, fees only cost.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "core/backtest/engine.hpp"
#include "core/backtest/performance.hpp"
#include "tests/unit/core/backtest/tapes.hpp"

namespace tapeline::backtest {
namespace {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  std::int64_t operator()(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }

 private:
  std::mt19937_64 random_;
};

Tape random_tape(Draw& draw) {
  const auto series_count = static_cast<std::uint32_t>(draw(1, 4));
  std::vector<At> bars;
  for (std::uint32_t series = 0; series < series_count; ++series) {
    std::int64_t price = draw(100, 100'000);
    for (int minute = 0; minute < 200; ++minute) {
      if (draw(0, 9) == 0) continue;  // a quiet minute
      const std::int64_t open = std::max<std::int64_t>(1, price + draw(-price / 20, price / 20));
      price = std::max<std::int64_t>(1, open + draw(-open / 10, open / 10));
      bars.push_back({series, minute, open, price, static_cast<Intents>(draw(0, 4) == 0 ? draw(0, 15) : 0)});
    }
  }
  return tape_of(std::move(bars), series_count);
}

Config random_config(Draw& draw) {
  Config config;
  config.direction = static_cast<Direction>(draw(0, 2));
  config.fill = static_cast<Fill>(draw(0, 1));
  config.sizing = static_cast<Sizing>(draw(0, 2));
  config.fraction = static_cast<double>(draw(1, 10)) / 10;
  config.quantity = static_cast<double>(draw(0, 300)) / 100;
  config.notional = static_cast<double>(draw(0, 20'000));
  config.quantity_decimals = static_cast<std::uint32_t>(draw(0, 8));
  config.fee_bps = static_cast<double>(draw(0, 5'000)) / 100;
  config.fee_fixed = static_cast<double>(draw(0, 300)) / 100;
  config.slippage_bps = static_cast<double>(draw(0, 2'000)) / 100;
  config.close_at_end = draw(0, 1) == 1;
  return config;
}

TEST(Backtest, EveryOrderMovesItsMoneyOnceAndNothingElseDoes) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Draw draw(seed);
    const Tape tape = random_tape(draw);
    const Config config = random_config(draw);
    const Result result = run(tape, config, {}, whole(10'000));
    Money cash = whole(10'000);
    std::map<std::uint32_t, std::int64_t> held;
    for (const Order& order : result.orders) {
      if (order.status == OrderStatus::filled) {
        const bool is_buy = order.action == open_long || order.action == close_short;
        cash += (is_buy ? -order.notional : order.notional) - order.fee;
        held[order.series] += is_buy ? order.quantity : -order.quantity;
        ASSERT_EQ(order.notional, notional_of(order.price, order.quantity, static_cast<int>(config.quantity_decimals)));
        ASSERT_LE(order.signal_ns, order.time_ns);
      }
      ASSERT_TRUE(order.cash_after == cash);
    }
    ASSERT_FALSE(result.equity.empty());
    ASSERT_TRUE(result.equity.back().cash == cash);
    // Equity is what was there plus the profit of every trade, open ones at their last close.
    Money equity = whole(10'000);
    for (const Trade& trade : result.trades) equity += trade.profit();
    ASSERT_TRUE(result.equity.back().equity == equity) << seed;
    if (config.close_at_end) {
      ASSERT_TRUE(result.equity.back().exposure == 0 && equity == cash);
    }
    for (const auto& [series, quantity] : held) {
      ASSERT_TRUE(config.direction != Direction::long_only || quantity >= 0);
      ASSERT_TRUE(config.direction != Direction::short_only || quantity <= 0);
    }
  }
}

TEST(Backtest, EachDecisionIsFilledAtMostOnceAndNotBeforeItsBarHasEnded) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Draw draw(seed);
    const Tape tape = random_tape(draw);
    Config config = random_config(draw);
    config.fill = Fill::next_open;
    const Result result = run(tape, config, {}, whole(10'000));
    std::map<std::pair<std::uint32_t, Nanos>, std::pair<Intents, Nanos>>
        decided;  // by series and end: what, next begin
    std::map<std::uint32_t, std::pair<std::uint32_t, Nanos>> last;
    for (std::size_t i = 0; i < tape.market->bars.size(); ++i) {
      const Bar& bar = tape.market->bars[i];
      if (last.contains(bar.series)) decided[last[bar.series]].second = bar.start_ns;
      last[bar.series] = {bar.series, bar.end_ns};
      decided[last[bar.series]] = {tape.intents[i], 0};
    }
    std::map<std::pair<std::uint32_t, Nanos>, int> seen;
    for (const Order& order : result.orders) {
      if (order.reason == OrderReason::end) continue;
      const auto found = decided.find({order.series, order.signal_ns});
      ASSERT_NE(found, decided.end());
      ASSERT_NE(found->second.first & order.action, 0);
      if (order.status != OrderStatus::pending) {
        ASSERT_EQ(order.time_ns, found->second.second);
      }
      ASSERT_LE(++seen[found->first], 2);  // a closing and an opening
    }
  }
}

TEST(Backtest, FeesAndSlippageOnlyCost) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Draw draw(seed);
    const Tape tape = random_tape(draw);
    Config config = random_config(draw);
    config.sizing = Sizing::quantity;  // the same quantities whatever the costs
    config.quantity = 1;
    Money before = 0;
    for (const double cost : {0.0, 1.0, 10.0, 100.0}) {
      config.fee_bps = cost;
      config.fee_fixed = cost / 100;
      config.slippage_bps = cost;
      const Result result = run(tape, config, {}, whole(100'000'000));
      const Money equity = result.equity.back().equity;
      if (cost > 0) {
        ASSERT_LE(equity, before);
      }
      before = equity;
    }
  }
}

TEST(Backtest, AShorterTapeGivesTheSameOrders) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Draw draw(seed);
    Tape tape = random_tape(draw);
    Config config = random_config(draw);
    config.close_at_end = false;
    const Result whole_run = run(tape, config, {}, whole(10'000));
    tape.intents.resize(tape.intents.size() / 2);
    const Result part = run(tape, config, {}, whole(10'000));
    for (std::size_t i = 0; i + 1 < part.equity.size(); ++i) {
      ASSERT_TRUE(part.equity[i].equity == whole_run.equity[i].equity) << seed;
    }
    for (std::size_t i = 0; i < part.orders.size() && part.orders[i].status != OrderStatus::pending; ++i) {
      ASSERT_EQ(part.orders[i].time_ns, whole_run.orders[i].time_ns);
      ASSERT_EQ(part.orders[i].quantity, whole_run.orders[i].quantity);
    }
  }
}

TEST(Backtest, LongOnlyWithoutBorrowingNeverOwes) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Draw draw(seed);
    const Tape tape = random_tape(draw);
    Config config = random_config(draw);
    config.direction = Direction::long_only;
    for (const EquityPoint& point : run(tape, config, {}, whole(10'000)).equity)
      ASSERT_GE(point.cash, -money_unit * 400);
    config.fee_fixed = 0;  // a closing fee may be more than what a worthless position brings
    for (const EquityPoint& point : run(tape, config, {}, whole(10'000)).equity) ASSERT_GE(point.cash, 0);
  }
}

}  // namespace
}  // namespace tapeline::backtest
