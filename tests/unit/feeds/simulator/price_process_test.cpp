#include "feeds/simulator/price_process.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "feeds/simulator/market.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr Nanos start_ns = 1'760'000'000 * nanos_per_second;

std::vector<double> closes(ProcessParameters parameters, std::uint64_t seed, int seconds) {
  PriceProcess process(parameters, 100, start_ns, Random(seed, 1));
  std::vector<double> prices;
  for (int second = 0; second < seconds; ++second) {
    for (int step = 0; step < static_cast<int>(PriceProcess::steps_per_second); ++step) process.step();
    prices.push_back(process.price());
  }
  return prices;
}

std::vector<double> returns_of(const std::vector<double>& prices) {
  std::vector<double> returns;
  for (std::size_t i = 1; i < prices.size(); ++i) returns.push_back(std::log(prices[i] / prices[i - 1]));
  return returns;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double kurtosis(const std::vector<double>& values) {
  const double centre = mean(values);
  double second = 0;
  double fourth = 0;
  for (const double value : values) {
    const double square = (value - centre) * (value - centre);
    second += square;
    fourth += square * square;
  }
  return fourth * static_cast<double>(values.size()) / (second * second);
}

double autocorrelation(const std::vector<double>& values, std::size_t lag) {
  const double centre = mean(values);
  double together = 0;
  double alone = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    alone += (values[i] - centre) * (values[i] - centre);
    if (i >= lag) together += (values[i] - centre) * (values[i - lag] - centre);
  }
  return together / alone;
}

/// Wilder's RSI(14) after each close from index 14 on.
std::vector<double> rsi14(const std::vector<double>& prices) {
  std::vector<double> values;
  double gain = 0;
  double loss = 0;
  for (std::size_t i = 1; i < prices.size(); ++i) {
    const double up = std::max(0.0, prices[i] - prices[i - 1]);
    const double down = std::max(0.0, prices[i - 1] - prices[i]);
    if (i <= 14) {
      gain += up / 14;
      loss += down / 14;
    } else {
      gain = (gain * 13 + up) / 14;
      loss = (loss * 13 + down) / 14;
    }
    if (i >= 14) values.push_back(100 * gain / (gain + loss));
  }
  return values;
}

TEST(PriceProcess, RepeatsItselfForTheSameSeed) {
  EXPECT_EQ(closes({}, 7, 600), closes({}, 7, 600));
  EXPECT_NE(closes({}, 7, 600), closes({}, 8, 600));
}

TEST(PriceProcess, IsTheSameMarketOnEveryPlatform) {
  // The numbers of an independent implementation: a change of the model changes them on purpose, a platform must not.
  Random random(1, 2);
  EXPECT_EQ(random.next(), 17205376864684828873U);
  const std::vector<double> prices = closes({}, 1, 3600);
  EXPECT_EQ(std::llround(prices.back() * 1e9), 99399868059LL);
}

TEST(PriceProcess, StaysPositiveAndNearItsStartForDays) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::vector<double> prices = closes({}, seed, 2 * 86'400);
    EXPECT_GT(*std::min_element(prices.begin(), prices.end()), 60.0);
    EXPECT_LT(*std::max_element(prices.begin(), prices.end()), 160.0);
  }
}

TEST(PriceProcess, HasFatTailsAndClusteredVolatility) {
  ProcessParameters calm;
  calm.jumps_per_hour = 0;
  const std::vector<double> returns = returns_of(closes(calm, 3, 50'000));
  EXPECT_GT(kurtosis(returns), 3.2);
  std::vector<double> magnitudes;
  for (const double value : returns) magnitudes.push_back(std::abs(value));
  EXPECT_GT(autocorrelation(magnitudes, 1), 0.05);
  EXPECT_GT(autocorrelation(magnitudes, 5), 0.03);
}

TEST(PriceProcess, JumpsAboutAsOftenAsAsked) {
  const std::vector<double> returns = returns_of(closes({}, 5, 10 * 3600));
  EXPECT_GT(kurtosis(returns), 10.0);
  const auto moves =
      std::count_if(returns.begin(), returns.end(), [](double value) { return std::abs(value) >= 0.01; });
  EXPECT_GT(moves, 300);
  EXPECT_LT(moves, 500);
}

TEST(PriceProcess, DrivesRsiToItsEndsSoonAfterTheStart) {
  int silent = 0;
  constexpr int markets = 200;
  for (std::uint64_t seed = 1; seed <= markets; ++seed) {
    bool alert = false;
    for (std::uint64_t symbol = 0; symbol < 4; ++symbol) {
      PriceProcess process({}, 100, start_ns, Random(seed, 16 * (symbol + 1)));
      std::vector<double> prices;
      for (int second = 0; second < 22; ++second) {
        for (int step = 0; step < 20; ++step) process.step();
        prices.push_back(process.price());
      }
      for (const double value : rsi14(prices)) alert = alert || value < 30 || value > 70;
    }
    silent += alert ? 0 : 1;
  }
  EXPECT_LE(silent, 2) << "of " << markets << " markets gave no RSI beyond 30 or 70 in 22 s";
}

TEST(PriceProcess, CrossesTheRsiLimitsOfEverySymbolAgainAndAgain) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    int edges = 0;
    bool beyond = false;
    for (const double value : rsi14(closes({}, seed, 600))) {
      const bool now = value < 30 || value > 70;
      edges += now && !beyond ? 1 : 0;
      beyond = now;
    }
    EXPECT_GE(edges, 5) << "in ten minutes, seed " << seed;
  }
}

TEST(PriceProcess, RestsWhileTheExchangeIsClosed) {
  ProcessParameters equity;
  equity.session = Session::new_york;
  const Nanos saturday_ns = parse_utc("2025-07-12T15:00:00Z").value();
  PriceProcess process(equity, 100, saturday_ns, Random(1, 1));
  for (int step = 0; step < 1000; ++step) process.step();
  EXPECT_EQ(process.price(), 100);
  EXPECT_EQ(process.activity(), 0);
}

TEST(Market, PricesDoNotDependOnWhenSomebodyLooks) {
  Market seldom({.start_ns = start_ns});
  Market often({.start_ns = start_ns});
  for (int i = 1; i <= 1000; ++i) often.advance_to(start_ns + i * 37 * nanos_per_millisecond);
  seldom.advance_to(start_ns + 37'000 * nanos_per_millisecond);
  for (std::size_t i = 0; i < seldom.assets().size(); ++i) {
    EXPECT_EQ(seldom.assets()[i].price_ticks(), often.assets()[i].price_ticks());
    EXPECT_EQ(seldom.assets()[i].minutes().bars().size(), often.assets()[i].minutes().bars().size());
  }
}

TEST(Market, HasAPastThatEndsAtTheStartPrice) {
  const Market market({.start_ns = start_ns});
  for (const Asset& asset : market.assets()) {
    const auto bars = asset.minutes().bars();
    ASSERT_EQ(bars.size(), 7U * 1440U);
    EXPECT_NEAR(asset.to_price(bars.back().close), asset.spec().start_price, asset.to_price(2));
    for (std::size_t i = 0; i < bars.size(); ++i) {
      ASSERT_GT(bars[i].low, 0);
      ASSERT_LE(bars[i].low, std::min(bars[i].open, bars[i].close));
      ASSERT_GE(bars[i].high, std::max(bars[i].open, bars[i].close));
      ASSERT_GE(bars[i].volume, 0);
      ASSERT_EQ(bars[i].start_ns, bars[0].start_ns + static_cast<Nanos>(i) * nanos_per_minute);
    }
  }
}

TEST(Market, RefusesWhatCannotBeTraded) {
  EXPECT_THROW(Market({.symbols = {}, .start_ns = start_ns}), std::invalid_argument);
  EXPECT_THROW(Market({.symbols = {{.name = "A"}, {.name = "A"}}, .start_ns = start_ns}), std::invalid_argument);
  EXPECT_THROW(Market({.volatility = 0, .start_ns = start_ns}), std::invalid_argument);
}

}  // namespace
}  // namespace tapeline::feeds::simulator
