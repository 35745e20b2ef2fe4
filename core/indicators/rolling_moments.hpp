// Sum and spread of the last N integers, exact for ever: no drift, and an outlier is forgotten with its window.
//
//   sum     S1 = sum of x
//   spread  sqrt(N * S2 - S1 * S1) = N * population sigma, with S2 = sum of x * x
// All of it is kept modulo 2^128. N * S2 - S1 * S1 is the square of a spread of at most N * (max - min) / 2 (Popoviciu
// 1935), hence exact, whatever has wrapped on the way, as long as no |x| exceeds (2^64 - 1) / N. While a wilder value
// is inside the window, spread() walks through the window instead.
//
// Units     those of the values; any sign.
// Output    sum() exact; spread() never negative, never NaN, within 1e-15 relative.
// Warm-up   N values.
// Cost      O(1); O(N) for spread() while a wild value is inside the window.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/decimal.hpp"
#include "core/indicators/kernel.hpp"

namespace tapeline {

class RollingMoments {
 public:
  explicit RollingMoments(std::uint32_t length)
      : window_(length, 0), tame_max_(std::numeric_limits<std::uint64_t>::max() / length) {
    TL_CHECK(length >= 1 && length <= indicator_length_max);
  }

  void update(std::int64_t value) noexcept {
    const std::int64_t oldest = window_[next_];  // 0 while the window fills: it then leaves the sums as they are
    sum_ += Int128{value} - oldest;
    squares_ += square(value) - square(oldest);
    wild_count_ += static_cast<std::size_t>(is_wild(value)) - static_cast<std::size_t>(is_wild(oldest));
    window_[next_] = value;
    next_ = next_ + 1 == window_.size() ? 0 : next_ + 1;
    filled_ += static_cast<std::size_t>(filled_ < window_.size());
  }

  [[nodiscard]] std::size_t length() const noexcept { return window_.size(); }
  [[nodiscard]] bool ready() const noexcept { return filled_ == window_.size(); }
  /// Whether one more value makes, or keeps, it ready.
  [[nodiscard]] bool ready_after() const noexcept { return filled_ + 1 >= window_.size(); }

  /// The value of the last update; 0 before the first.
  [[nodiscard]] std::int64_t newest() const noexcept { return window_[(next_ == 0 ? window_.size() : next_) - 1]; }

  /// Precondition: ready().
  [[nodiscard]] Int128 sum() const noexcept { return sum_; }
  [[nodiscard]] double spread() const noexcept {
    return wild_count_ == 0 ? root(sum_, squares_) : walk(sum_, window_[next_]);
  }

  /// sum() and spread() as update(value) would leave them. Precondition: ready_after().
  [[nodiscard]] Int128 sum_after(std::int64_t value) const noexcept { return sum_ + value - window_[next_]; }
  [[nodiscard]] double spread_after(std::int64_t value) const noexcept {
    const std::int64_t oldest = window_[next_];
    const bool tame = wild_count_ == static_cast<std::size_t>(is_wild(oldest)) && !is_wild(value);
    return tame ? root(sum_after(value), squares_ + square(value) - square(oldest)) : walk(sum_after(value), value);
  }

  [[nodiscard]] bool fits(std::int64_t factor) const noexcept {
    return std::all_of(window_.begin(), window_.end(), [factor](std::int64_t value) {
      std::int64_t product = 0;
      return !__builtin_mul_overflow(value, factor, &product);
    });
  }

  /// Multiplies every value by `factor`. Precondition: fits(factor).
  void rescale(std::int64_t factor) noexcept {
    wild_count_ = 0;
    for (std::int64_t& value : window_) {
      value *= factor;
      wild_count_ += static_cast<std::size_t>(is_wild(value));
    }
    sum_ *= factor;
    squares_ *= square(factor);
  }

  void reset() noexcept {
    std::fill(window_.begin(), window_.end(), 0);
    sum_ = 0;
    squares_ = 0;
    next_ = filled_ = wild_count_ = 0;
  }

  /// The same values in the same order, wherever in its ring each of the two has begun.
  friend bool operator==(const RollingMoments& a, const RollingMoments& b) noexcept {
    if (a.length() != b.length() || a.filled_ != b.filled_ || a.sum_ != b.sum_ || a.squares_ != b.squares_ ||
        a.wild_count_ != b.wild_count_) {
      return false;
    }
    std::size_t at_a = a.next_;
    std::size_t at_b = b.next_;
    for (std::size_t i = 0; i < a.length(); ++i) {
      if (a.window_[at_a] != b.window_[at_b]) return false;
      at_a = at_a + 1 == a.length() ? 0 : at_a + 1;
      at_b = at_b + 1 == b.length() ? 0 : at_b + 1;
    }
    return true;
  }

 private:
  [[nodiscard]] static UInt128 square(std::int64_t value) noexcept {
    return static_cast<UInt128>(Int128{value} * value);
  }

  [[nodiscard]] bool is_wild(std::int64_t value) const noexcept {
    const std::uint64_t bits = static_cast<std::uint64_t>(value);
    return (value < 0 ? 0 - bits : bits) > tame_max_;
  }

  [[nodiscard]] double root(Int128 sum, UInt128 squares) const noexcept {
    const UInt128 sum_bits = static_cast<UInt128>(sum);
    return std::sqrt(static_cast<double>(squares * window_.size() - sum_bits * sum_bits));
  }

  /// The spread of the window with this `sum` whose oldest value is read as `oldest`: two passes, the first is the sum.
  [[nodiscard]] double walk(Int128 sum, std::int64_t oldest) const noexcept {
    const Int128 count = static_cast<Int128>(window_.size());
    long double total = 0;
    for (std::size_t i = 0; i < window_.size(); ++i) {
      const long double deviation = static_cast<long double>((i == next_ ? oldest : window_[i]) * count - sum);
      total += deviation * deviation;
    }
    return static_cast<double>(std::sqrt(total / static_cast<long double>(window_.size())));
  }

  std::vector<std::int64_t> window_;  // a ring; 0 where nothing has been yet
  Int128 sum_ = 0;
  UInt128 squares_ = 0;     // modulo 2^128
  std::uint64_t tame_max_;  // larger |x| are wild: one alone could carry N * S2 - S1 * S1 past 2^128
  std::size_t next_ = 0;    // where the oldest value is, and the next will be
  std::size_t filled_ = 0;
  std::size_t wild_count_ = 0;
};

}  // namespace tapeline
