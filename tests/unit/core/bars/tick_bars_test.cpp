#include "core/bars/tick_bars.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr Nanos beginning = std::numeric_limits<Nanos>::min();  // nothing is closed yet

constexpr Nanos second = nanos_per_second;

BarTick tick(Nanos event_ns, std::uint64_t id, std::string_view price, std::string_view size = "1") {
  return {event_ns, id, *parse_decimal(price), *parse_decimal(size)};
}

std::string text_of(const ClosedBar& closed) {
  const OpenBar& bar = closed.bar;
  const auto price = [&](std::int64_t mantissa) { return to_string(Int128{mantissa}, bar.price_exponent); };
  return std::to_string(bar.start_ns / second) + " " + price(bar.open) + " " + price(bar.high) + " " + price(bar.low) +
         " " + price(bar.close) + " " + to_string(bar.volume, bar.volume_exponent) + " " + std::to_string(bar.trades) +
         (bar.is_partial ? " partial" : "") + (closed.is_filled ? " filled" : "");
}

std::vector<std::string> close_until(TickBars& bars, Nanos horizon_ns) {
  std::vector<std::string> closed;
  while (const auto bar = bars.close_next(horizon_ns)) closed.push_back(text_of(*bar));
  return closed;
}

TEST(TickBars, CutsHalfOpenBarsOnEventTime) {
  TickBars bars(10, EmptyBars::skip);
  ASSERT_EQ(bars.add(tick(12 * second, 1, "100"), beginning), TickOutcome::folded);
  ASSERT_EQ(bars.add(tick(20 * second - 1, 2, "101.5", "0.25"), beginning), TickOutcome::folded);
  ASSERT_EQ(bars.add(tick(20 * second, 3, "99"), beginning), TickOutcome::folded);
  EXPECT_TRUE(close_until(bars, 20 * second - 1).empty());
  EXPECT_EQ(close_until(bars, 20 * second), std::vector<std::string>{"10 100 101.5 100 101.5 1.25 2 partial"});
  EXPECT_EQ(close_until(bars, 30 * second), std::vector<std::string>{"20 99 99 99 99 1 1"});
}

TEST(TickBars, CountsATickForAClosedBarAsLateAndLeavesTheBarAlone) {
  TickBars bars(1, EmptyBars::skip);
  ASSERT_EQ(bars.add(tick(5 * second, 1, "100"), beginning), TickOutcome::folded);
  ASSERT_EQ(close_until(bars, 6 * second).size(), 1U);
  EXPECT_EQ(bars.add(tick(5 * second + 1, 2, "101"), beginning), TickOutcome::late);
  EXPECT_EQ(bars.add(tick(4 * second, 2, "101"), beginning), TickOutcome::late);
  EXPECT_FALSE(bars.close_partial());
}

TEST(TickBars, GivesTheSameBarsForShuffledTicks) {
  std::mt19937_64 random(7);
  std::vector<BarTick> ticks;
  for (std::uint64_t id = 1; id <= 2'000; ++id) {
    const auto cents = static_cast<std::int64_t>(random() % 1'000);
    ticks.push_back({static_cast<Nanos>(id) * 7 * nanos_per_millisecond,
                     id,
                     {10'000 + cents, -2},
                     {static_cast<std::int64_t>(random() % 100 + 1), -3}});
  }
  const auto all_bars = [](const std::vector<BarTick>& input) {
    TickBars bars(1, EmptyBars::skip);
    for (const BarTick& one : input) EXPECT_EQ(bars.add(one, beginning), TickOutcome::folded);
    std::vector<std::string> closed;
    while (const auto bar = bars.close_partial()) closed.push_back(text_of(*bar));
    return closed;
  };
  const auto in_order = all_bars(ticks);
  std::shuffle(ticks.begin(), ticks.end(), random);
  EXPECT_EQ(all_bars(ticks), in_order);
  EXPECT_EQ(in_order.size(), 15U);
}

TEST(TickBars, KeepsPricesExactWhenScalesDiffer) {
  TickBars bars(60, EmptyBars::skip);
  ASSERT_EQ(bars.add(tick(1, 1, "0.5", "3"), beginning), TickOutcome::folded);
  ASSERT_EQ(bars.add(tick(2, 2, "0.00000024", "0.000000000000000001"), beginning), TickOutcome::folded);
  ASSERT_EQ(bars.add(tick(3, 3, "7", "1e12"), beginning), TickOutcome::folded);
  const auto bar = bars.close_partial();
  ASSERT_TRUE(bar);
  EXPECT_EQ(text_of(*bar), "0 0.5 7 0.00000024 7 1000000000003.000000000000000001 3 partial");
}

TEST(TickBars, RefusesATickWhoseScaleDoesNotFitBesideTheBar) {
  TickBars bars(60, EmptyBars::skip);
  ASSERT_EQ(bars.add(tick(1, 1, "123456789012"), beginning), TickOutcome::folded);
  EXPECT_EQ(bars.add(tick(2, 2, "0.000000000000000123"), beginning), TickOutcome::out_of_precision);
  EXPECT_EQ(text_of(*bars.close_partial()), "0 123456789012 123456789012 123456789012 123456789012 1 1 partial");
}

TEST(TickBars, FillsEmptyBarsOnlyWhenAsked) {
  for (const EmptyBars empty : {EmptyBars::skip, EmptyBars::fill}) {
    TickBars bars(1, empty);
    ASSERT_EQ(bars.add(tick(10 * second, 1, "5"), beginning), TickOutcome::folded);
    ASSERT_EQ(bars.add(tick(13 * second, 2, "6"), beginning), TickOutcome::folded);
    const auto closed = close_until(bars, 14 * second);
    if (empty == EmptyBars::skip) {
      EXPECT_EQ(closed, (std::vector<std::string>{"10 5 5 5 5 1 1 partial", "13 6 6 6 6 1 1"}));
    } else {
      EXPECT_EQ(closed, (std::vector<std::string>{"10 5 5 5 5 1 1 partial", "11 5 5 5 5 0 0 filled",
                                                  "12 5 5 5 5 0 0 filled", "13 6 6 6 6 1 1"}));
    }
  }
}

TEST(TickBars, StopsFillingAnEndlessHole) {
  TickBars bars(1, EmptyBars::fill);
  ASSERT_EQ(bars.add(tick(10 * second, 1, "5"), beginning), TickOutcome::folded);
  EXPECT_EQ(close_until(bars, 1'000'000 * second).size(), 1U + TickBars::filled_bars_max);
  EXPECT_EQ(bars.next_end_ns(), std::nullopt);
}

TEST(TickBars, HandlesTimesBeforeTheEpoch) {
  TickBars bars(60, EmptyBars::skip);
  ASSERT_EQ(bars.add(tick(-1, 1, "5"), beginning), TickOutcome::folded);
  EXPECT_EQ(bars.close_partial()->bar.start_ns, -60 * second);
}

TEST(TickBars, CallATickLateWhoseSecondIsOverAlthoughNothingFellIntoIt) {
  TickBars bars(1, EmptyBars::skip);
  ASSERT_EQ(bars.add(tick(10 * second, 1, "100"), beginning), TickOutcome::folded);
  EXPECT_EQ(bars.add(tick(12 * second, 2, "100"), 13 * second), TickOutcome::late);
  EXPECT_EQ(bars.add(tick(12 * second, 2, "100"), 13 * second - 1), TickOutcome::folded);
}

}  // namespace
}  // namespace tapeline
