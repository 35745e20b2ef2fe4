// RSI and Bollinger bands of many series of equal length: the columns of an array, eight side by side.
//
// Output    to the last bit what each column gives by itself.
// Failure   std::invalid_argument says which column and which price.
// Checked   analysis/tests/test_indicators.py, against the columns one by one.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <string>

#include "analysis/native/closes.hpp"
#include "core/indicators/lanes.hpp"

namespace tapeline::python {

/// Rows of closes, oldest first, each with one of every series.
struct ClosesTable {
  const double* closes;
  std::size_t rows;
  std::size_t columns;
};

class ColumnsGroup {
 public:
  static constexpr std::size_t rows_max = 256;  // of a block

  /// The columns from `first` on. Where there are fewer than a group has, the last one is computed several times.
  ColumnsGroup(const ClosesTable& table, std::size_t first, const Lanes& lanes) : table_(table), lanes_(lanes) {
    for (std::size_t lane = 0; lane < Lanes::count; ++lane) columns_[lane] = std::min(first + lane, table.columns - 1);
  }

  /// `take(row, count, values)` with the values of so many rows: of RSI, middle, upper and lower band, in rows of a group.
  template <class Take>
  void run(Take take) {
    for (std::size_t row = 0; row < table_.rows;) {
      const std::size_t count = read(row);
      lanes_.consume(
          std::span(block_).first(count), units_,
          {values_[0][0].data(), values_[1][0].data(), values_[2][0].data(), values_[3][0].data(), Lanes::count});
      take(row, count, values_);
      row += count;
    }
  }

 private:
  using Block = std::array<Lanes::Values, rows_max>;

  /// The closes of a block: it ends before a price for which a series has to become finer.
  std::size_t read(std::size_t row) {
    std::size_t count = std::min(rows_max, table_.rows - row);
    for (std::size_t lane = 0; lane < Lanes::count; ++lane) {
      try {
        count = read_column(lane, row, count);
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("column " + std::to_string(columns_[lane]) + ", " + error.what());
      }
      units_[lane] = scales_[lane].unit();
    }
    return count;
  }

  std::size_t read_column(std::size_t lane, std::size_t row, std::size_t count) {
    std::array<double, rows_max> prices;
    std::array<std::int64_t, rows_max> mantissas;
    for (std::size_t i = 0; i < count; ++i) {
      prices[i] = table_.closes[(row + i) * table_.columns + columns_[lane]];
    }
    Scale& scale = scales_[lane];
    std::size_t done = 0;
    while (true) {
      done += scale.read(std::span(prices).subspan(done, count - done), mantissas.data() + done);
      if (done == count) break;
      const Decimal price = price_of(row + done, prices[done]);
      if (scale.is_too_coarse_for(price)) {
        if (done > 0) break;
        scale.refine(row, price, [&](std::int64_t factor) { return lanes_.rescale(lane, factor); });
      }
      mantissas[done] = scale.mantissa(row + done, price);
      ++done;
    }
    for (std::size_t i = 0; i < done; ++i) block_[i][lane] = mantissas[i];
    return done;
  }

  ClosesTable table_;
  Lanes lanes_;
  std::array<std::size_t, Lanes::count> columns_{};
  std::array<Scale, Lanes::count> scales_;
  Lanes::Values units_{};
  std::array<Lanes::Row, rows_max> block_{};
  std::array<Block, 4> values_{};
};

}  // namespace tapeline::python
