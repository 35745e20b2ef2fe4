// Average true range, Wilder's definition (docs/definitions.md).
//   true range = max(high, close before) - min(low, close before)
//   seed  atr = mean of the first N true ranges;   then   atr = (atr * (N - 1) + true range) / N
// The first bar has no close before it and so no true range, as in TA-Lib (ta_ATR.c); TradingView takes its high - low
// for one and begins a bar earlier.
//
// Output    within 1e-9 relative, after any number of bars: nothing is ever subtracted.
// Warm-up   N + 1 bars. Two starts then converge as (1 - 1/N)^k.
// Cost      O(1), no window.
#pragma once

#include <algorithm>

#include "core/base/check.hpp"
#include "core/indicators/kernel.hpp"

namespace tapeline {

class Atr {
 public:
  using Output = double;
  static constexpr std::uint32_t length_min = 1;

  explicit Atr(std::uint32_t length) : length_(checked_length("atr", length, length_min)) {}

  void update(const IndicatorBar& bar) noexcept {
    TL_DCHECK(bar.low > 0 && bar.low <= bar.high && bar.close > 0);
    if (seen_ > 0) average_ = after(std::max(bar.high, last_close_) - std::min(bar.low, last_close_));
    last_close_ = bar.close;
    ++seen_;
  }

  /// In prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<double> value(double unit = 1.0) const noexcept {
    if (!ready()) return std::nullopt;
    return average_ / unit;
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return std::size_t{length_} + 1; }
  [[nodiscard]] bool ready() const noexcept { return seen_ > length_; }
  /// How far the value is from its start, in bars; 0 for the seed itself. Precondition: ready().
  [[nodiscard]] std::uint64_t bars_since_seed() const noexcept { return seen_ - length_ - 1; }

  [[nodiscard]] bool fits(BarFactors factors) const noexcept {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(last_close_, factors.price, &product);
  }
  void rescale(BarFactors factors) noexcept {
    last_close_ *= factors.price;
    average_ *= static_cast<double>(factors.price);
  }
  void reset() noexcept { *this = Atr(length_); }

  void archive(auto& archive) { archive(last_close_, average_, seen_); }

  friend bool operator==(const Atr&, const Atr&) = default;

 private:
  /// The average after one more true range. Both ends of a range are positive: it fits 64 bits.
  [[nodiscard]] double after(std::int64_t true_range) const noexcept {
    const double range = static_cast<double>(true_range);
    const double length = length_;
    if (seen_ < length_) return average_ + range;  // the seed: N ranges, each counted once
    if (seen_ == length_) return (average_ + range) / length;
    return faded((average_ * (length - 1) + range) / length);
  }

  std::int64_t last_close_ = 0;
  double average_ = 0;  // until the seed is complete: the sum of what has been seen
  std::uint64_t seen_ = 0;
  std::uint32_t length_;
};
static_assert(BarKernel<Atr>);

}  // namespace tapeline
