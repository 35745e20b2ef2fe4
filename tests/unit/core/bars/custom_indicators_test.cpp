// What a user's own indicators are called, which bars have them, and that they survive any change of exponents.
#include "core/bars/custom_indicators.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double year = 525'600;

std::vector<IndicatorSpec> one_of_each(std::uint32_t length = 5) {
  const auto spec = [length](const char* name, IndicatorKind kind) {
    IndicatorSpec made;
    made.name = name;
    made.kind = kind;
    made.length = length;
    made.fast = 3;
    made.slow = 6;
    made.signal = 4;
    return made;
  };
  return {spec("sma", IndicatorKind::sma),
          spec("ema", IndicatorKind::ema),
          spec("rsi", IndicatorKind::rsi),
          spec("bb", IndicatorKind::bollinger),
          spec("macd", IndicatorKind::macd),
          spec("atr", IndicatorKind::atr),
          spec("vwap", IndicatorKind::vwap),
          spec("vol", IndicatorKind::volatility),
          spec("day", IndicatorKind::change_24h),
          spec("session", IndicatorKind::change_session),
          spec("volume", IndicatorKind::volume_zscore)};
}

/// Bar i of a market that wanders around 100.00 in hourly bars, eight of them a session.
IndicatorBar bar(int i) {
  const std::int64_t close = 10'000 + (i * 37) % 211 - (i * 17) % 89;
  return {.open = close - 3,
          .high = close + 11 + i % 5,
          .low = close - 9 - i % 3,
          .close = close,
          .price_exponent = -2,
          .volume = 1'000 + (i * 7919) % 501,
          .volume_exponent = -3,
          .start_ns = i * 3'600 * nanos_per_second,
          .end_ns = (i + 1) * 3'600 * nanos_per_second,
          .session = i / 8};
}

/// The same bar, written with more decimal places.
IndicatorBar finer(IndicatorBar bar, int prices, int volumes) {
  for (std::int64_t* price : {&bar.open, &bar.high, &bar.low, &bar.close}) *price *= power_of_ten(prices);
  bar.volume *= power_of_ten(volumes);
  bar.price_exponent = static_cast<std::int8_t>(bar.price_exponent - prices);
  bar.volume_exponent = static_cast<std::int8_t>(bar.volume_exponent - volumes);
  return bar;
}

std::vector<double> values(const CustomIndicators& indicators) {
  std::vector<double> values(indicators.size());
  indicators.values(values);
  return values;
}

void expect_same(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(std::isnan(actual[i]), std::isnan(expected[i])) << i;
    if (std::isnan(expected[i])) continue;
    EXPECT_NEAR(actual[i], expected[i], std::abs(expected[i]) * 1e-12 + 1e-12) << i;
  }
}

TEST(OutputNames, AreTheNameAndItsSuffixes) {
  std::vector<std::string> names;
  for (const IndicatorSpec& spec : one_of_each()) {
    const std::vector<std::string> more = output_names(spec);
    names.insert(names.end(), more.begin(), more.end());
  }
  EXPECT_THAT(names, ElementsAre("sma", "ema", "rsi", "bb_mid", "bb_sigma", "bb_upper", "bb_lower", "bb_percent_b",
                                 "bb_bandwidth", "macd", "macd_signal", "macd_histogram", "atr", "vwap", "vol",
                                 "vol_annual", "day", "day_pct", "session", "session_pct", "volume"));
  EXPECT_EQ(CustomIndicators(one_of_each(), 3'600, year).size(), names.size());
}

TEST(CustomIndicators, AreAllDefinedOnceWarm) {
  CustomIndicators indicators(one_of_each(), 3'600, year);
  for (const double value : values(indicators)) EXPECT_TRUE(std::isnan(value));
  for (int i = 0; i < 40; ++i) indicators.update(bar(i));
  for (const double value : values(indicators)) EXPECT_FALSE(std::isnan(value));
  EXPECT_EQ(indicators.bars_seen(), 40U);
  EXPECT_EQ(indicators.resets(), 0U);
}

TEST(CustomIndicators, SayPricesInUnitsOfTheMarket) {
  CustomIndicators indicators(one_of_each(2), 3'600, year);
  IndicatorBar last = bar(0);
  for (int i = 0; i < 30; ++i) indicators.update(last = bar(i));
  const std::vector<double> now = values(indicators);
  const double before = static_cast<double>(bar(28).close) / 100;
  const double close = static_cast<double>(last.close) / 100;
  EXPECT_DOUBLE_EQ(now[0], (before + close) / 2);                                            // sma
  EXPECT_NEAR(now[16], close - static_cast<double>(bar(5).close) / 100, 1e-12);              // day
  EXPECT_NEAR(now[18], close - static_cast<double>(bar(24).open) / 100, 1e-12);              // session
  EXPECT_NEAR(now[19], 100 * (close * 100 / static_cast<double>(bar(24).open) - 1), 1e-11);  // session_pct
  EXPECT_DOUBLE_EQ(now[15], now[14] * std::sqrt(year));                                      // vol_annual
  EXPECT_DOUBLE_EQ(std::abs(now[20]), 1);  // of two volumes each is one sigma from their mean
}

TEST(CustomIndicators, BelongToTheirIntervals) {
  std::vector<IndicatorSpec> specs = one_of_each();
  for (IndicatorSpec& spec : specs) spec.intervals_s = {60, 300};
  specs.front().intervals_s = {};
  EXPECT_EQ(CustomIndicators(specs, 60, year).size(), 21U);
  EXPECT_EQ(CustomIndicators(specs, 3'600, year).size(), 1U);
  EXPECT_EQ(CustomIndicators({}, 60, year).size(), 0U);
}

TEST(CustomIndicators, ImpossibleOptionsNameTheIndicator) {
  const auto complaint = [](auto change) {
    IndicatorSpec spec;
    spec.name = "mine";
    change(spec);
    try {
      const CustomIndicators indicators(std::span(&spec, 1), 60, year);
    } catch (const std::invalid_argument& impossible) {
      return std::string(impossible.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(complaint([](IndicatorSpec& spec) { spec.length = 0; }),
              HasSubstr("indicator \"mine\": sma length 0 is impossible"));
  EXPECT_THAT(complaint([](IndicatorSpec& spec) {
                spec.kind = IndicatorKind::macd;
                spec.fast = 26;
              }),
              HasSubstr("indicator \"mine\": macd fast is impossible"));
  EXPECT_THAT(complaint([](IndicatorSpec& spec) {
                spec.kind = IndicatorKind::bollinger;
                spec.sigma = Sigma::sample;
                spec.length = 1;
              }),
              HasSubstr("bollinger length 1 is impossible: choose one from 2"));
  EXPECT_THAT(complaint([](IndicatorSpec& spec) {
                spec.kind = IndicatorKind::volume_zscore;
                spec.length = 1;
              }),
              HasSubstr("volume_zscore length 1"));
  EXPECT_THROW(CustomIndicators({}, 0, year), std::invalid_argument);
  EXPECT_THROW(CustomIndicators({}, 60, 0), std::invalid_argument);
}

TEST(CustomIndicators, AreTheSameInWhateverExponentsBarsAreWritten) {
  CustomIndicators plain(one_of_each(), 3'600, year);
  CustomIndicators mixed(one_of_each(), 3'600, year);
  for (int i = 0; i < 60; ++i) {
    plain.update(bar(i));
    mixed.update(finer(bar(i), i < 20 ? 0 : i % 4 * 3, i < 30 ? 0 : i % 5 * 3));
    SCOPED_TRACE(i);
    expect_same(values(mixed), values(plain));
  }
  EXPECT_EQ(mixed.resets(), 0U);
  EXPECT_EQ(mixed.bars_seen(), 60U);
}

TEST(CustomIndicators, StartAgainOnlyWhereNothingElseFits) {
  CustomIndicators indicators(one_of_each(), 3'600, year);
  for (int i = 0; i < 40; ++i) indicators.update(bar(i));
  IndicatorBar tiny = bar(40);
  tiny.price_exponent = -30;
  indicators.update(tiny);
  EXPECT_EQ(indicators.resets(), 1U);
  EXPECT_EQ(indicators.bars_seen(), 1U);
  CustomIndicators fresh(one_of_each(), 3'600, year);
  fresh.update(tiny);
  expect_same(values(indicators), values(fresh));
}

TEST(CustomIndicators, TakeAnyVolume) {
  CustomIndicators indicators(one_of_each(), 3'600, year);
  IndicatorBar huge = bar(0);
  huge.volume = (Int128{1} << 126) + 12'345;
  huge.volume_exponent = -30;
  indicators.update(huge);
  EXPECT_DOUBLE_EQ(values(indicators)[13],
                   static_cast<double>(huge.high + huge.low + huge.close) / 300);  // vwap of one bar
}

TEST(CustomIndicators, CopyGoesOnAsTheOriginal) {
  CustomIndicators whole(one_of_each(), 3'600, year);
  for (int i = 0; i < 50; ++i) whole.update(bar(i));
  for (int split = 0; split <= 50; ++split) {
    CustomIndicators first(one_of_each(), 3'600, year);
    for (int i = 0; i < split; ++i) first.update(bar(i));
    CustomIndicators rest = first;
    EXPECT_TRUE(rest == first);
    for (int i = split; i < 50; ++i) rest.update(bar(i));
    ASSERT_TRUE(rest == whole) << split;
  }
}

TEST(CustomIndicators, SayOfAFlatMarketWhatTheyAreTold) {
  for (const auto& [flat, expected] :
       {std::pair{FlatRsi::zero, 0.0}, {FlatRsi::fifty, 50.0}, {FlatRsi::hundred, 100.0}}) {
    IndicatorSpec spec;
    spec.kind = IndicatorKind::rsi;
    spec.length = 3;
    spec.flat_rsi = flat;
    CustomIndicators indicators(std::span(&spec, 1), 60, year);
    for (int i = 0; i < 3; ++i) indicators.update(bar(7));
    EXPECT_TRUE(std::isnan(values(indicators)[0])) << "flat or not: it is not warm";
    indicators.update(bar(7));
    EXPECT_EQ(values(indicators)[0], expected);
    indicators.update(bar(8));
    EXPECT_NE(values(indicators)[0], 50.0) << "it moves";
  }
}

}  // namespace
}  // namespace tapeline
