// The golden vector of the definitions, to all the digits that it is printed with.
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/decimal.hpp"
#include "core/indicators/indicator_set.hpp"

namespace tapeline {
namespace {

constexpr std::array<const char*, 33> closes{
    "44.34", "44.09", "44.15", "43.61", "44.33", "44.83", "45.10", "45.42", "45.84", "46.08", "45.89",
    "46.03", "45.61", "46.28", "46.28", "46.00", "46.03", "46.41", "46.22", "45.64", "46.21", "46.25",
    "45.71", "46.45", "45.78", "45.35", "44.03", "44.18", "44.22", "44.57", "43.42", "42.66", "43.13"};

std::vector<IndicatorValues> golden_values(double periods_per_year) {
  IndicatorSet set(IndicatorsConfig{}, periods_per_year);
  std::vector<IndicatorValues> values;
  for (const char* text : closes) {
    const Result<Decimal, DecimalError> close = parse_decimal(text);
    if (!close) {
      ADD_FAILURE() << text;
      break;
    }
    set.update(close->mantissa, close->exponent);
    values.push_back(set.values());
  }
  return values;
}

std::string printed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

TEST(GoldenVector, AgreesInAllPrintedDigits) {
  const std::vector<IndicatorValues> values = golden_values(252);
  EXPECT_EQ(printed(values[14].rsi, 12), "70.464135021097");
  EXPECT_EQ(printed(values[15].rsi, 12), "66.249618553555");
  EXPECT_EQ(printed(values[32].rsi, 12), "37.788771982058");
  EXPECT_EQ(values[32].sma, 45.241);
  EXPECT_EQ(values[32].bb_mid, 45.241);
  EXPECT_EQ(printed(values[32].bb_sigma, 12), "1.189575134239");
  EXPECT_EQ(printed(values[32].bb_lower, 10), "42.8618497315");
  EXPECT_EQ(printed(values[32].bb_upper, 10), "47.6201502685");
  EXPECT_EQ(printed(values[32].volatility, 12), "0.013079954988");
  EXPECT_EQ(printed(values[32].volatility_annual, 10), "0.2076378484");
  EXPECT_EQ(printed(golden_values(365)[32].volatility_annual, 10), "0.2498921892");
}

TEST(GoldenVector, BeginsWhereTheDefinitionsSay) {
  const std::vector<IndicatorValues> values = golden_values(252);
  EXPECT_TRUE(std::isnan(values[0].change));
  EXPECT_FALSE(std::isnan(values[1].change));
  EXPECT_TRUE(std::isnan(values[13].rsi));
  EXPECT_FALSE(std::isnan(values[14].rsi));
  EXPECT_TRUE(std::isnan(values[18].sma));
  EXPECT_FALSE(std::isnan(values[19].sma));
  EXPECT_TRUE(std::isnan(values[18].bb_sigma));
  EXPECT_FALSE(std::isnan(values[19].bb_sigma));
  EXPECT_TRUE(std::isnan(values[19].volatility));
  EXPECT_FALSE(std::isnan(values[20].volatility));
}

}  // namespace
}  // namespace tapeline
