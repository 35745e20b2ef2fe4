// RSI(14), SMA(20) and Bollinger bands (20, 2) of a price series: what one more close costs.
//
// A regression here is work that crept into every close of every series.
//
//   one      a single series
//   batch    1,000 series, 256 closes of each at a time
//   random   100,000 series, each close of one that is chosen by chance
//
// Input     a lively walk around 97,000.00 in cents: on a quiet one the peers' sums of squares lose their digits
//           (docs/comparison.md), and there would be nothing to compare.
// Checked   before timing each contender's values are compared with sums computed anew in long double: of one series, of all
//           series of a batch, of the first hundred of those at random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tapeline::bench::trio {

inline constexpr int rsi_length = 14;
inline constexpr int sma_length = 20;
inline constexpr double width = 2;
inline constexpr double cents = 100;

inline constexpr std::size_t closes_count = 1 << 16;
inline constexpr std::size_t batch_series = 1'000;
inline constexpr std::size_t batch_closes = 256;
inline constexpr std::size_t many_series = 100'000;
inline constexpr std::size_t choices_count = 1 << 20;

struct Values {
  double rsi, sma, upper, lower;
};

/// Closes in cents.
[[nodiscard]] const std::vector<std::int64_t>& closes();
/// The same in prices.
[[nodiscard]] const std::vector<double>& prices();
/// Numbers of series below `many_series`, by chance.
[[nodiscard]] const std::vector<std::uint32_t>& choices();

/// What values are of.
struct Definition {
  std::span<const double> prices = trio::prices();
  std::size_t first = 200;  // to be looked at
  std::size_t rsi_closes = rsi_length;
  std::size_t sma_closes = sma_length;
  double rsi_tolerance = 1e-6;  // one of the peers rounds it
};

/// Whether these, for the prices [0, values.size()), are right: RSI as said, the SMA within 1e-6, the bands within 1e-3.
[[nodiscard]] bool are_right(const std::vector<Values>& values, const Definition& definition = {});

}  // namespace tapeline::bench::trio
