#include "core/indicators/indicator_set.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "core/base/decimal_scale.hpp"
#include "core/indicators/calendar_periods.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline {
namespace {

constexpr double periods = 525'600;

using Field = double IndicatorValues::*;
constexpr std::array<Field, 12> fields{&IndicatorValues::sma,        &IndicatorValues::rsi,
                                       &IndicatorValues::bb_mid,     &IndicatorValues::bb_sigma,
                                       &IndicatorValues::bb_upper,   &IndicatorValues::bb_lower,
                                       &IndicatorValues::percent_b,  &IndicatorValues::bandwidth,
                                       &IndicatorValues::volatility, &IndicatorValues::volatility_annual,
                                       &IndicatorValues::change,     &IndicatorValues::change_pct};
constexpr std::array<bool, 12> priced{true, false, true, true, true, true, false, false, false, false, true, false};

/// Where a field is a price, `expected` is `ratio` times smaller.
void expect_near(const IndicatorValues& actual, const IndicatorValues& expected, double ratio, double relative) {
  EXPECT_EQ(actual.bars_seen, expected.bars_seen);
  EXPECT_EQ(actual.rsi_flat, expected.rsi_flat);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const double wanted = expected.*fields[i] * (priced[i] ? ratio : 1.0);
    if (std::isnan(wanted)) {
      EXPECT_TRUE(std::isnan(actual.*fields[i])) << "field " << i;
    } else {
      EXPECT_NEAR(actual.*fields[i], wanted, std::abs(wanted) * relative) << "field " << i;
    }
  }
}

TEST(IndicatorSet, UndefinedUntilEachIndicatorIsWarm) {
  IndicatorSet set(IndicatorsConfig{}, periods);
  std::size_t index = 0;
  EXPECT_TRUE(std::isnan(set.values().sma));
  for (const std::int64_t close : conformance::random_walk(40, 10'000, 100)) {
    set.update(close, -2);
    const IndicatorValues values = set.values();
    EXPECT_EQ(std::isnan(values.change), index < 1) << index;
    EXPECT_EQ(std::isnan(values.rsi), index < 14) << index;
    EXPECT_EQ(std::isnan(values.sma), index < 19) << index;
    EXPECT_EQ(std::isnan(values.bb_sigma), index < 19) << index;
    EXPECT_EQ(std::isnan(values.volatility), index < 20) << index;
    EXPECT_EQ(values.bars_seen, index + 1);
    ++index;
  }
}

TEST(IndicatorSet, ValuesArePricesAtEveryScale) {
  const conformance::Series closes = conformance::random_walk(60, 123'456, 1'000);
  IndicatorSet plain(IndicatorsConfig{}, periods);
  for (const std::int64_t close : closes) plain.update(close, 0);
  for (int exponent = -30; exponent <= 0; ++exponent) {
    SCOPED_TRACE(exponent);
    IndicatorSet set(IndicatorsConfig{}, periods);
    for (const std::int64_t close : closes) set.update(close, exponent);
    expect_near(set.values(), plain.values(), std::pow(10.0, exponent), 1e-14);
  }
}

TEST(IndicatorSet, ClosesNeedNotShareAnExponent) {
  IndicatorSet mixed(IndicatorsConfig{}, periods);
  IndicatorSet finest(IndicatorsConfig{}, periods);
  conformance::Dice dice(7);
  for (const std::int64_t close : conformance::random_walk(300, 4'637'700'000, 90'000'000)) {
    // round some closes, then write them without their trailing zeros, as parse_decimal() does
    std::int64_t mantissa = close - close % power_of_ten(static_cast<int>(dice.bits() % 6));
    finest.update(mantissa, -5);
    int exponent = -5;
    for (; exponent < 0 && mantissa % 10 == 0; ++exponent) mantissa /= 10;
    mixed.update(mantissa, exponent);
    expect_near(mixed.values(), finest.values(), 1.0, 1e-12);
  }
  EXPECT_EQ(mixed.resets(), 0U);
}

TEST(IndicatorSet, WhichExponentAValueComesAtChangesNoBit) {
  IndicatorSet written(IndicatorsConfig{}, periods);
  IndicatorSet padded(IndicatorsConfig{}, periods);
  conformance::Dice dice(11);
  for (const std::int64_t walked : conformance::random_walk(300, 46'377, 900)) {
    const std::int64_t close = walked - walked % power_of_ten(static_cast<int>(dice.bits() % 4));
    const int zeros = static_cast<int>(dice.bits() % 7);
    const Decimal shortest = without_trailing_zeros({close, -3});
    written.update(shortest.mantissa, shortest.exponent);
    padded.update(close * power_of_ten(zeros), -3 - zeros);
    ASSERT_TRUE(written == padded);
    expect_near(padded.values(), written.values(), 1.0, 0.0);
  }
}

TEST(IndicatorSet, PeekForetellsUpdateAndChangesNothing) {
  IndicatorSet set(IndicatorsConfig{}, periods);
  conformance::Dice dice(3);
  for (const std::int64_t close : conformance::random_walk(200, 46'377'00, 5'000)) {
    const int exponent = -static_cast<int>(dice.bits() % 5);  // at times coarser, at times finer than all before
    const IndicatorSet before = set;
    const IndicatorValues foretold = set.peek(close, exponent);
    EXPECT_TRUE(set == before);
    set.update(close, exponent);
    expect_near(foretold, set.values(), 1.0, 0.0);
  }
}

TEST(IndicatorSet, FlatMarketHasNoRsiAndNoPercentB) {
  IndicatorSet set(IndicatorsConfig{}, periods);
  for (int i = 0; i < 14; ++i) set.update(101, -2);
  EXPECT_FALSE(set.values().rsi_flat);
  EXPECT_TRUE(set.peek(101, -2).rsi_flat);
  EXPECT_FALSE(set.peek(102, -2).rsi_flat);
  for (int i = 0; i < 20; ++i) set.update(101, -2);
  const IndicatorValues values = set.values();
  EXPECT_TRUE(values.rsi_flat);
  EXPECT_TRUE(std::isnan(values.rsi));
  EXPECT_TRUE(std::isnan(values.percent_b));
  EXPECT_EQ(values.sma, 1.01);
  EXPECT_EQ(values.bb_sigma, 0);
  EXPECT_EQ(values.bb_upper, 1.01);
  EXPECT_EQ(values.bandwidth, 0);
  EXPECT_EQ(values.volatility, 0);
  EXPECT_EQ(values.change_pct, 0);
}

TEST(IndicatorSet, AnnualVolatilityIsThatOfTheCalendar) {
  const double minutes = periods_per_year(Calendar::crypto, 60);
  IndicatorSet set(IndicatorsConfig{}, minutes);
  for (const std::int64_t close : conformance::random_walk(50, 10'000, 100)) set.update(close, -2);
  EXPECT_EQ(set.periods_per_year(), minutes);
  EXPECT_DOUBLE_EQ(set.values().volatility_annual, set.values().volatility * std::sqrt(525'600.0));
}

TEST(IndicatorSet, StartsAgainWhereSixtyFourBitsDoNotSuffice) {
  struct Misfit {
    std::int64_t mantissa;
    int exponent;
  };
  for (const Misfit misfit : {Misfit{1, -30}, Misfit{900'000'000'000'000'000, 0}}) {
    IndicatorSet set(IndicatorsConfig{}, periods);
    for (const std::int64_t close : conformance::random_walk(50, 10'000, 100)) set.update(close, -2);
    const IndicatorValues foretold = set.peek(misfit.mantissa, misfit.exponent);
    EXPECT_EQ(set.resets(), 0U);
    set.update(misfit.mantissa, misfit.exponent);
    EXPECT_EQ(set.resets(), 1U);
    EXPECT_EQ(set.bars_seen(), 1U);
    EXPECT_EQ(foretold.bars_seen, 1U);
    EXPECT_TRUE(std::isnan(set.values().change));

    IndicatorSet fresh(IndicatorsConfig{}, periods);
    fresh.update(misfit.mantissa, misfit.exponent);
    for (int i = 1; i < 40; ++i) {
      set.update(misfit.mantissa + i, misfit.exponent);
      fresh.update(misfit.mantissa + i, misfit.exponent);
      expect_near(set.values(), fresh.values(), 1.0, 0.0);
    }
  }
}

TEST(IndicatorSet, LengthsAndWidthAreThoseOfTheConfiguration) {
  IndicatorSet set(
      IndicatorsConfig{
          .sma_length = 2, .rsi_length = 1, .bollinger_length = 4, .bollinger_width = 3, .volatility_length = 2},
      periods);
  for (const std::int64_t close : {100, 110, 121, 117}) set.update(close, 0);
  const IndicatorValues values = set.values();
  EXPECT_DOUBLE_EQ(values.sma, 119);
  EXPECT_DOUBLE_EQ(values.rsi, 0);
  EXPECT_DOUBLE_EQ(values.bb_mid, 112);
  EXPECT_DOUBLE_EQ(values.bb_sigma, std::sqrt((144.0 + 4 + 81 + 25) / 4));
  EXPECT_DOUBLE_EQ(values.bb_upper, 112 + 3 * values.bb_sigma);
  EXPECT_DOUBLE_EQ(values.percent_b, (117 - values.bb_lower) / (values.bb_upper - values.bb_lower));
  EXPECT_DOUBLE_EQ(values.bandwidth, (values.bb_upper - values.bb_lower) / 112);
  EXPECT_NEAR(values.volatility, std::abs(std::log(1.1) - std::log(117.0 / 121.0)) / std::sqrt(2.0), 1e-15);
  EXPECT_DOUBLE_EQ(values.change, -4);
  EXPECT_DOUBLE_EQ(values.change_pct, -400.0 / 121);
}

}  // namespace
}  // namespace tapeline
