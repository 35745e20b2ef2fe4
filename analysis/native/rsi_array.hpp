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
#include "core/base/pack.hpp"
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
    while (!closes.empty()) {
      const std::span<const std::int64_t> now = closes.first(std::min(block, closes.size()));
      if (changes_ < 0) last_ = now[0];
      measure_changes(now);
      last_ = now.back();
      std::size_t i = 0;
      for (; i < now.size() && changes_ < length_; ++i) {
        // The first close is no change; the last of the seed already has a value.
        if (++changes_ > 0) sums_ = sums_.seeded(gains_[i], losses_[i]);
        values[i] = changes_ == length_ ? value() : undefined;
      }
      RsiSums sums = sums_;  // in registers
      // What waits for the close before it takes a few cycles each: meanwhile four are divided at once.
      for (; i + pack_size <= now.size(); i += pack_size) {
        const RsiSums first = sums.after(gains_[i], losses_[i], keep_);
        const RsiSums second = first.after(gains_[i + 1], losses_[i + 1], keep_);
        const RsiSums third = second.after(gains_[i + 2], losses_[i + 2], keep_);
        sums = third.after(gains_[i + 3], losses_[i + 3], keep_);
        const Pack gain{first.gain, second.gain, third.gain, sums.gain};
        const Pack total = gain + Pack{first.loss, second.loss, third.loss, sums.loss};
        store_pack(total == 0 ? pack_of(flat_) : 100 * gain / total, values + i);
      }
      sums_ = sums;
      for (; i < now.size(); ++i) {
        sums_ = sums_.after(gains_[i], losses_[i], keep_);
        values[i] = value();
      }
      values += now.size();
      closes = closes.subspan(now.size());
    }
  }

 private:
  static constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

  static constexpr std::size_t block = 256;

  [[nodiscard]] double value() const noexcept { return sums_.total() == 0 ? flat_ : sums_.index(); }

  /// Gains and losses of each close against the one before it. Closes are positive: differences fit.
  void measure_changes(std::span<const std::int64_t> closes) noexcept {
    constexpr int double_bits = 51;  // what to_doubles() takes
    std::int64_t all = last_ | closes[0];
    put_change(0, static_cast<double>(closes[0] - last_));
    std::size_t i = 1;
    for (; i + pack_size <= closes.size(); i += pack_size) {
      const IntPack now = load_pack(&closes[i]);
      all |= now[0] | now[1] | now[2] | now[3];
      const Pack change = to_doubles(now - load_pack(&closes[i - 1]));
      store_pack(larger(change, pack_of(0.0)), &gains_[i]);
      store_pack(larger(-change, pack_of(0.0)), &losses_[i]);
    }
    if (all >> double_bits != 0) i = 1;
    for (; i < closes.size(); ++i) put_change(i, static_cast<double>(closes[i] - closes[i - 1]));
  }
  void put_change(std::size_t i, double change) noexcept {
    gains_[i] = std::max(0.0, change);
    losses_[i] = std::max(0.0, -change);
  }

  std::int64_t last_ = 0;
  std::int64_t changes_ = -1;  // closes before this one, up to length_; -1 before the first
  std::int64_t length_;
  double keep_;
  double flat_;
  RsiSums sums_;
  std::array<double, block> gains_;
  std::array<double, block> losses_;
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
