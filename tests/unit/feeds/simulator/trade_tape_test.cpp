#include "feeds/simulator/trade_tape.hpp"

#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace tapeline::feeds::simulator {
namespace {

constexpr Nanos start_ns = 1'760'000'000 * nanos_per_second;

std::vector<Trade> trades(std::uint64_t seed, double rate, int count) {
  Market market({.seed = seed, .start_ns = start_ns});
  TradeTape tape(market, {.seed = seed, .rate = rate, .start_ns = start_ns});
  std::vector<Trade> out;
  for (int i = 0; i < count; ++i) out.push_back(tape.next());
  return out;
}

TEST(TradeTape, RepeatsItselfForTheSameSeed) {
  const auto first = trades(4, 200, 5000);
  const auto again = trades(4, 200, 5000);
  const auto other = trades(5, 200, 5000);
  bool differs = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].event_ns, again[i].event_ns);
    ASSERT_EQ(first[i].asset, again[i].asset);
    ASSERT_EQ(first[i].price_ticks, again[i].price_ticks);
    ASSERT_EQ(first[i].quantity_units, again[i].quantity_units);
    differs = differs || first[i].price_ticks != other[i].price_ticks;
  }
  EXPECT_TRUE(differs);
}

TEST(TradeTape, NumbersTheTradesOfEachAssetWithoutGaps) {
  std::map<std::size_t, std::uint64_t> last;
  for (const Trade& trade : trades(1, 200, 20'000)) {
    if (const auto found = last.find(trade.asset); found != last.end()) {
      ASSERT_EQ(trade.id, found->second + 1);
    }
    last[trade.asset] = trade.id;
  }
  EXPECT_EQ(last.size(), 4U);  // the equities are not streamed
}

TEST(TradeTape, GoesOnBehindItsNumbersAfterARestart) {
  std::map<std::size_t, std::uint64_t> last;
  Nanos begin_ns = start_ns;
  for (std::uint64_t run = 0; run < 3; ++run) {
    Market market({.seed = 1, .start_ns = begin_ns});
    TradeTape tape(market, {.seed = run % 2, .rate = 1'000, .start_ns = begin_ns});
    for (int i = 0; i < 2'000; ++i) {
      const Trade trade = tape.next();
      ASSERT_GT(trade.id, last[trade.asset]);
      last[trade.asset] = trade.id;
      begin_ns = trade.event_ns + nanos_per_second / 1'000;
    }
  }
}

TEST(TradeTape, KeepsTheRateExactlyAndTheTimeAscending) {
  const auto tape = trades(1, 1000, 60'000);
  Nanos before = start_ns;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    ASSERT_GE(tape[i].event_ns, before);
    before = tape[i].event_ns;
    // One trade in each slot of a millisecond.
    ASSERT_EQ((tape[i].event_ns - start_ns) / nanos_per_millisecond, static_cast<Nanos>(i));
  }
}

TEST(TradeTape, TradesAtTheBookAndInWholeUnits) {
  int buys = 0;
  for (const Trade& trade : trades(2, 200, 20'000)) {
    ASSERT_GT(trade.price_ticks, 0);
    ASSERT_GT(trade.quantity_units, 0);
    ASSERT_LT(trade.bid_ticks, trade.ask_ticks);
    if (trade.taker == TakerSide::buy) {
      ASSERT_GE(trade.price_ticks, trade.ask_ticks);
      ++buys;
    } else {
      ASSERT_LE(trade.price_ticks, trade.bid_ticks);
    }
  }
  EXPECT_GT(buys, 8'000);
  EXPECT_LT(buys, 12'000);
}

TEST(TradeTape, GivesEachAssetItsShare) {
  std::map<std::size_t, int> counts;
  for (const Trade& trade : trades(3, 200, 55'000)) ++counts[trade.asset];
  EXPECT_NEAR(counts[0], 20'000, 1'000);  // weights 2, 1.5, 1, 1
  EXPECT_NEAR(counts[1], 15'000, 1'000);
  EXPECT_NEAR(counts[2], 10'000, 1'000);
  EXPECT_NEAR(counts[3], 10'000, 1'000);
}

TEST(TradeTape, RefusesARateThatIsNone) {
  Market market({.start_ns = start_ns});
  EXPECT_THROW(TradeTape(market, {.rate = 0, .start_ns = start_ns}), std::invalid_argument);
  EXPECT_THROW(TradeTape(market, {.rate = 1e9, .start_ns = start_ns}), std::invalid_argument);
}

TEST(TradeTape, IsEmptyWithoutCryptoAssets) {
  Market market({.symbols = {{.name = "IBM", .kind = AssetKind::equity}}, .start_ns = start_ns});
  EXPECT_FALSE(TradeTape(market, {.start_ns = start_ns}).has_trades());
}

}  // namespace
}  // namespace tapeline::feeds::simulator
