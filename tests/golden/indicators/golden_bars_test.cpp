// Bars with reference outputs by exact fractions: every value is within 1e-9 relative, and undefined where it must be.
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/bars/custom_indicators.hpp"

namespace tapeline {
namespace {

using Cells = std::vector<std::string>;

std::vector<Cells> rows(const std::string& path) {
  std::ifstream file(path);
  std::vector<Cells> rows;
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    Cells cells(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    rows.push_back(cells);
  }
  return rows;
}

IndicatorBar to_bar(const Cells& cells) {
  constexpr Nanos hour_ns = 3'600 * nanos_per_second;
  IndicatorBar bar;
  bar.start_ns = std::stoll(cells[0]) * hour_ns;
  bar.end_ns = bar.start_ns + hour_ns;
  bar.session = std::stoll(cells[1]);
  std::array<Decimal, 4> prices;
  int exponent = 0;
  for (std::size_t i = 0; i < prices.size(); ++i) {
    prices[i] = parse_decimal(cells[2 + i]).value();
    exponent = std::min<int>(exponent, prices[i].exponent);
  }
  bar.open = mantissa_at(prices[0], exponent).value();
  bar.high = mantissa_at(prices[1], exponent).value();
  bar.low = mantissa_at(prices[2], exponent).value();
  bar.close = mantissa_at(prices[3], exponent).value();
  bar.price_exponent = static_cast<std::int8_t>(exponent);
  const Decimal volume = parse_decimal(cells[6]).value();
  bar.volume = volume.mantissa;
  bar.volume_exponent = volume.exponent;
  return bar;
}

/// In the order of the reference's columns.
std::vector<IndicatorSpec> specs() {
  std::vector<IndicatorSpec> specs(8);
  specs[0].kind = IndicatorKind::ema;
  specs[1].kind = IndicatorKind::macd;
  specs[2].kind = IndicatorKind::atr;
  specs[2].length = 14;
  specs[3].kind = IndicatorKind::vwap;
  specs[4].kind = IndicatorKind::change_24h;
  specs[5].kind = IndicatorKind::change_session;
  specs[6].kind = IndicatorKind::volume_zscore;
  specs[7].kind = IndicatorKind::bollinger;
  specs[7].sigma = Sigma::sample;
  return specs;
}

TEST(GoldenBars, AgreeWithExactArithmetic) {
  const std::vector<Cells> bars = rows("tests/golden/indicators/golden_bars.csv");
  const std::vector<Cells> reference = rows("tests/golden/indicators/golden_bars_reference.csv");
  ASSERT_EQ(bars.size(), 93U);
  ASSERT_EQ(bars.size(), reference.size());
  CustomIndicators indicators(specs(), 3'600, 8'760);
  std::vector<double> values(indicators.size());
  for (std::size_t row = 0; row < bars.size(); ++row) {
    indicators.update(to_bar(bars[row]));
    indicators.values(values);
    const Cells& expected = reference[row];
    ASSERT_EQ(expected.size(), 13U);
    std::vector<double> actual(values.begin(), values.begin() + 11);
    actual.push_back(values[12]);  // sigma, the second of Bollinger's
    for (std::size_t i = 0; i < actual.size(); ++i) {
      SCOPED_TRACE("row " + std::to_string(row) + " column " + std::to_string(i + 1));
      ASSERT_EQ(std::isnan(actual[i]), expected[i + 1].empty());
      if (expected[i + 1].empty()) continue;
      const double wanted = std::stod(expected[i + 1]);
      EXPECT_NEAR(actual[i], wanted, std::abs(wanted) * 1e-11);
    }
  }
  EXPECT_EQ(indicators.resets(), 0U);
}

}  // namespace
}  // namespace tapeline
