#include "core/indicators/lanes.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/indicators/bollinger.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline {
namespace {

constexpr std::size_t rows = 1'500;

/// Walks of every scale, jumps beyond any base, stillness.
std::vector<Lanes::Row> closes_of(std::uint64_t seed) {
  conformance::Dice dice(seed);
  std::vector<Lanes::Row> closes(rows);
  for (std::size_t lane = 0; lane < Lanes::count; ++lane) {
    const std::uint64_t kind = dice.bits() % 4;
    const std::int64_t start = std::int64_t{1} << (10 + dice.bits() % 40);
    std::int64_t close = start;
    for (Lanes::Row& row : closes) {
      if (kind > 0) close += dice.step(start >> (dice.bits() % 12));
      if (kind > 1 && dice.bits() % 200 == 0) close *= 5;
      if (close < 1 || close > std::int64_t{1} << 52) close = start;
      if (kind == 3 && dice.bits() % 100 == 0) {
        row[lane] = close * 1'000;  // gone with the next one
        continue;
      }
      row[lane] = close;
    }
  }
  return closes;
}

struct Table {
  std::vector<double> rsi = std::vector<double>(rows * Lanes::count);
  std::vector<double> mid = rsi, upper = rsi, lower = rsi;

  [[nodiscard]] Lanes::Outputs from(std::size_t row) {
    const std::size_t at = row * Lanes::count;
    return {&rsi[at], &mid[at], &upper[at], &lower[at], Lanes::count};
  }
};

void expect_same(double actual, std::optional<double> expected, std::size_t row) {
  if (expected) {
    ASSERT_EQ(actual, *expected) << row;
  } else {
    ASSERT_TRUE(std::isnan(actual)) << row;
  }
}

void expect_what_kernels_say(std::uint32_t rsi_length, std::uint32_t length, std::uint64_t seed) {
  const std::vector<Lanes::Row> closes = closes_of(seed);
  Lanes::Values units;
  for (std::size_t lane = 0; lane < Lanes::count; ++lane) units[lane] = std::pow(10.0, static_cast<double>(lane));
  Table table;
  Lanes lanes(rsi_length, length, 2.5);
  conformance::Dice dice(seed + 1);
  for (std::size_t row = 0; row < rows;) {
    const std::size_t count = std::min<std::size_t>(rows - row, 1 + dice.bits() % 256);
    lanes.consume(std::span(closes).subspan(row, count), units, table.from(row));
    row += count;
  }
  for (std::size_t lane = 0; lane < Lanes::count; ++lane) {
    Rsi rsi(rsi_length);
    Bollinger bands(length, 2.5);
    for (std::size_t row = 0; row < rows; ++row) {
      rsi.update(closes[row][lane]);
      bands.update(closes[row][lane]);
      const std::optional<BollingerBands> now = bands.value(units[lane]);
      const std::size_t at = row * Lanes::count + lane;
      const auto of = [&](double BollingerBands::*member) { return now ? std::optional(*now.*member) : std::nullopt; };
      expect_same(table.rsi[at], rsi.value(), row);
      expect_same(table.mid[at], of(&BollingerBands::mid), row);
      expect_same(table.upper[at], of(&BollingerBands::upper), row);
      expect_same(table.lower[at], of(&BollingerBands::lower), row);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Lanes, SayWhatTheKernelsSayToTheLastBit) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const auto& [rsi_length, length] : {std::pair{14U, 20U}, std::pair{1U, 1U}, std::pair{9U, 333U}}) {
      expect_what_kernels_say(rsi_length, length, seed);
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << ", lengths " << rsi_length << " and " << length;
    }
  }
}

TEST(Lanes, ARescaledSeriesGoesOnAsIfItHadBeenThatFine) {
  std::vector<Lanes::Row> closes = closes_of(0);
  for (Lanes::Row& row : closes) row[3] %= 1'000'000'000'000;  // finer ones must fit, too
  std::vector<Lanes::Row> finer = closes;
  for (Lanes::Row& row : finer) row[3] *= 8;
  Lanes::Values units;
  units.fill(1);
  Lanes::Values finer_units = units;
  finer_units[3] = 8;
  Table expected, actual;
  Lanes from_the_start(14, 20, 2), later(14, 20, 2);
  from_the_start.consume(finer, finer_units, expected.from(0));
  later.consume(std::span(closes).first(100), units, actual.from(0));
  ASSERT_TRUE(later.rescale(3, 8));
  later.consume(std::span(finer).subspan(100), finer_units, actual.from(100));
  for (std::size_t at = 100 * Lanes::count; at < rows * Lanes::count; ++at) {
    if (std::isnan(expected.rsi[at])) continue;
    ASSERT_EQ(actual.rsi[at], expected.rsi[at]) << at;
    ASSERT_EQ(actual.upper[at], expected.upper[at]) << at;
  }
  EXPECT_FALSE(later.rescale(3, std::int64_t{1} << 62));
}

TEST(Lanes, RefusesWhatTheKernelsRefuse) {
  EXPECT_THROW(Lanes(0, 20, 2), std::invalid_argument);
  EXPECT_THROW(Lanes(14, 0, 2), std::invalid_argument);
  EXPECT_THROW(Lanes(14, 20, -1), std::invalid_argument);
}

}  // namespace
}  // namespace tapeline
