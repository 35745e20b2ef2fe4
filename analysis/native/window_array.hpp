// The closes of a window over an array, for kernels that are functions of its sum and spread: what RollingMoments says,
// to the last bit, in whole doubles and without a ring where the closes are small and near each other, which they mostly are.
//
// Output    put(i, sum, spread, newest, unit) for every close that completes a window; sums are whole numbers.
// Cost      O(1) a close.
// Checked   analysis/tests/test_indicators.py, against the kernels.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

#include "analysis/native/closes.hpp"
#include "core/indicators/full_range_moments.hpp"

namespace tapeline::python {

class ArrayWindow {
 public:
  explicit ArrayWindow(std::uint32_t length)
      : length_(length),
        closes_(std::size_t{length} - 1 + closes_block_max),
        deviations_(closes_.size() + 1),
        exact_(length) {}

  [[nodiscard]] bool rescale(std::int64_t factor) noexcept {
    for (std::size_t i = 0; i < held_; ++i) {
      if (__builtin_mul_overflow(closes_[i], factor, &closes_[i])) return false;
    }
    return true;
  }

  /// `narrow(i, sums, squares, newest, count)` of so many windows, `wide(i, sum, spread, newest)` of one.
  template <class Narrow, class Wide>
  void consume(std::size_t index, std::span<const std::int64_t> closes, Narrow narrow, Wide wide) {
    const std::size_t at = index - held_ + length_ - 1;  // the first close that completes a window
    std::copy(closes.begin(), closes.end(), closes_.begin() + static_cast<std::ptrdiff_t>(held_));
    held_ += closes.size();
    if (held_ >= length_) {
      if (is_narrow()) {
        compute_narrow(at, narrow);
      } else {
        compute_wide(at, wide);
      }
    }
    const std::size_t keep = std::min<std::size_t>(held_, length_ - 1);
    std::copy_n(closes_.begin() + static_cast<std::ptrdiff_t>(held_ - keep), keep, closes_.begin());
    held_ = keep;
  }

 private:
  /// Whether N * close, and N * S2 - S1 * S1 of deviations from any of the closes, are exact in doubles.
  [[nodiscard]] bool is_narrow() const noexcept {
    std::int64_t least = closes_[0];
    std::int64_t most = least;
    for (std::size_t i = 0; i < held_; ++i) {
      least = std::min(least, closes_[i]);
      most = std::max(most, closes_[i]);
    }
    const auto length = static_cast<std::int64_t>(length_);
    return most < (std::int64_t{1} << 53) / length && most - least < (std::int64_t{1} << 26) / length;
  }

  template <class Narrow>
  void compute_narrow(std::size_t at, Narrow narrow) {
    constexpr std::size_t block = 256;
    std::array<double, block> sums;     // of deviations from the base, then of closes
    std::array<double, block> squares;  // of deviations, then squared spreads
    const std::size_t first = length_ - 1;
    const double length = length_;
    const std::int64_t base = closes_[0];
    const double base_sum = static_cast<double>(base * static_cast<std::int64_t>(length_));
    // A whole number below 2^51 as a double, in a way that compilers make vectors of.
    for (std::size_t i = 0; i < held_; ++i) {
      deviations_[i + 1] = std::bit_cast<double>(closes_[i] - base + std::bit_cast<std::int64_t>(0x1.8p52)) - 0x1.8p52;
    }
    deviations_[0] = 0;  // what the first window drops
    const double* const deviations = deviations_.data() + 1;
    double sum = 0;
    double square_sum = 0;
    for (std::size_t i = 0; i < first; ++i) {
      sum += deviations[i];
      square_sum += deviations[i] * deviations[i];
    }
    for (std::size_t i = first; i < held_;) {
      const std::size_t count = std::min(block, held_ - i);
      const double* const entering = deviations + i;
      const double* const leaving = entering - length_;
      for (std::size_t j = 0; j < count; ++j) {
        sums[j] = entering[j] - leaving[j];
        squares[j] = entering[j] * entering[j] - leaving[j] * leaving[j];
      }
      for (std::size_t j = 0; j < count; ++j) {
        sum += sums[j];
        square_sum += squares[j];
        sums[j] = sum;
        squares[j] = square_sum;
      }
      for (std::size_t j = 0; j < count; ++j) {
        squares[j] = squares[j] * length - sums[j] * sums[j];
        sums[j] += base_sum;
      }
      narrow(at, sums.data(), squares.data(), closes_.data() + i, count);
      at += count;
      i += count;
    }
  }

  template <class Wide>
  void compute_wide(std::size_t at, Wide wide) {
    exact_.reset();
    for (std::size_t i = 0; i < held_; ++i) {
      exact_.update(closes_[i]);
      if (i + 1 >= length_) wide(at++, exact_.sum(), exact_.spread(), closes_[i]);
    }
  }

  std::uint32_t length_;
  std::size_t held_ = 0;
  std::vector<std::int64_t> closes_;  // those that windows still to come reach back to, then new ones
  std::vector<double> deviations_;    // the same, from a base near them
  FullRangeMoments exact_;
};

/// `put_many(i, sums, squared spreads, closes, count, unit)` of windows at once where they are narrow, else
/// `put(i, sum, spread, newest, unit)` of wide integers.
template <class PutMany, class Put>
void run_window(std::span<const double> closes, std::uint32_t length, PutMany put_many, Put put) {
  ArrayWindow window(length);
  read_closes(
      closes, [&window](std::int64_t factor) { return window.rescale(factor); },
      [&](std::size_t index, std::span<const std::int64_t> mantissas, double unit) {
        window.consume(
            index, mantissas,
            [&](std::size_t i, const double* sums, const double* squares, const std::int64_t* newest,
                std::size_t count) { put_many(i, sums, squares, newest, count, unit); },
            [&](std::size_t i, Int128 sum, double spread, std::int64_t close) {
              put(i, sum, spread, Int128{close}, unit);
            });
      });
}

/// `put(i, sum, spread, newest, unit)`, of doubles or of wide integers.
template <class Put>
void run_window(std::span<const double> closes, std::uint32_t length, Put put) {
  run_window(
      closes, length,
      [put](std::size_t i, const double* sums, const double* squares, const std::int64_t* newest, std::size_t count,
            double unit) {
        for (std::size_t j = 0; j < count; ++j) {
          put(i + j, sums[j], std::sqrt(squares[j]), static_cast<double>(newest[j]), unit);
        }
      },
      put);
}

}  // namespace tapeline::python
