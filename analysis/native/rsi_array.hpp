// Rsi over an array: the same sums, with all that does not wait for the close before it done for many at once.
//
// Output    put(i, index) for every close that has one; `flat` where the market has not moved since the start.
// Cost      O(1) a close.
// Checked   analysis/tests/test_indicators.py, against the kernel.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "analysis/native/closes.hpp"
#include "core/indicators/rsi.hpp"

namespace tapeline::python {

class ArrayRsi {
 public:
  ArrayRsi(std::uint32_t length, double flat)
      : length_(Rsi(length).warmup() - 1), keep_(RsiSums::keep(length)), flat_(flat) {}

  [[nodiscard]] bool rescale(std::int64_t factor) noexcept {
    sums_.gain *= static_cast<double>(factor);
    sums_.loss *= static_cast<double>(factor);
    return !__builtin_mul_overflow(last_, factor, &last_);
  }

  /// Writes the values of `closes`, NaN before the first.
  void consume(std::span<const std::int64_t> closes, double* values) noexcept {
    constexpr std::size_t block = 256;
    std::array<double, block> gains;
    std::array<double, block> losses;
    while (!closes.empty()) {
      const std::span<const std::int64_t> now = closes.first(std::min(block, closes.size()));
      if (changes_ < 0) last_ = now[0];
      gains[0] = static_cast<double>(now[0] - last_);  // closes are positive: it fits
      for (std::size_t i = 1; i < now.size(); ++i) gains[i] = static_cast<double>(now[i] - now[i - 1]);
      for (std::size_t i = 0; i < now.size(); ++i) {
        losses[i] = std::max(-gains[i], 0.0);
        gains[i] = std::max(gains[i], 0.0);
      }
      last_ = now.back();
      std::size_t i = 0;
      for (; i < now.size() && changes_ < length_; ++i) {
        // The first close is no change; the last of the seed already has a value.
        if (++changes_ > 0) sums_ = sums_.seeded(gains[i], losses[i]);
        values[i] = changes_ == length_ ? value() : undefined;
      }
      const std::size_t seeded = i;
      RsiSums sums = sums_;  // in registers
      for (; i < now.size(); ++i) {
        sums = sums.after(gains[i], losses[i], keep_);
        gains[i] = sums.gain;
        losses[i] = sums.loss;
      }
      sums_ = sums;
      for (i = seeded; i < now.size(); ++i) values[i] = value(RsiSums{gains[i], losses[i]});
      values += now.size();
      closes = closes.subspan(now.size());
    }
  }

 private:
  static constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] double value() const noexcept { return value(sums_); }
  [[nodiscard]] double value(RsiSums sums) const noexcept {
    const double index = sums.index();  // 0 / 0 where it is flat
    return sums.total() == 0 ? flat_ : index;
  }

  std::int64_t last_ = 0;
  std::int64_t changes_ = -1;  // closes before this one, up to length_; -1 before the first
  std::int64_t length_;
  double keep_;
  double flat_;
  RsiSums sums_;
};

inline void run_rsi(std::span<const double> closes, std::uint32_t length, double flat, double* values) {
  ArrayRsi rsi(length, flat);
  read_closes(
      closes, [&rsi](std::int64_t factor) { return rsi.rescale(factor); },
      [&rsi, values](std::size_t index, std::span<const std::int64_t> mantissas, double) {
        rsi.consume(mantissas, values + index);
      });
}

}  // namespace tapeline::python
