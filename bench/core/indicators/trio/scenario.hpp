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
// Checked   before timing each contender's values of one series are compared with sums computed anew in long double.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// Whether these, for the closes [0, values.size()), are right from the 200th on: the SMA within 1e-6, the bands within
/// 1e-3, RSI within what is said, for one of the peers rounds it.
[[nodiscard]] bool are_right(const std::vector<Values>& values, double rsi_tolerance = 1e-6);

}  // namespace tapeline::bench::trio
