// Sum and spread of the last N integers of any size: what RollingMoments falls back to.
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

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/base/decimal.hpp"
#include "core/base/nearest_double.hpp"
#include "core/indicators/window.hpp"

namespace tapeline {

class FullRangeMoments {
 public:
  explicit FullRangeMoments(std::uint32_t length)
      : window_(length), tame_max_(std::numeric_limits<std::uint64_t>::max() / length) {}

  void update(std::int64_t value) noexcept {
    const std::int64_t oldest = window_.oldest();
    sum_ += Int128{value} - oldest;
    squares_ += square(value) - square(oldest);
    wild_count_ += static_cast<std::size_t>(is_wild(value)) - static_cast<std::size_t>(is_wild(oldest));
    window_.push(value);
  }

  [[nodiscard]] std::size_t length() const noexcept { return window_.length(); }
  [[nodiscard]] std::int64_t newest() const noexcept { return window_.newest(); }
  [[nodiscard]] bool ready() const noexcept { return window_.full(); }
  /// Whether one more value makes, or keeps, it ready.
  [[nodiscard]] bool ready_after() const noexcept { return window_.full_after(); }

  /// Precondition: ready().
  [[nodiscard]] Int128 sum() const noexcept { return sum_; }
  [[nodiscard]] double spread() const noexcept {
    return wild_count_ == 0 ? root(sum_, squares_) : walk(sum_, window_.oldest());
  }

  /// sum() and spread() as update(value) would leave them. Precondition: ready_after().
  [[nodiscard]] Int128 sum_after(std::int64_t value) const noexcept { return sum_ + value - window_.oldest(); }
  [[nodiscard]] double spread_after(std::int64_t value) const noexcept {
    const std::int64_t oldest = window_.oldest();
    const bool tame = wild_count_ == static_cast<std::size_t>(is_wild(oldest)) && !is_wild(value);
    return tame ? root(sum_after(value), squares_ + square(value) - square(oldest)) : walk(sum_after(value), value);
  }

  /// Every value that is there, oldest first.
  template <class Visit>
  void for_each(Visit visit) const {
    window_.for_each_pushed(visit);
  }

  [[nodiscard]] bool fits(std::int64_t factor) const noexcept {
    bool fits = true;
    window_.for_each([&](std::int64_t value) {
      std::int64_t product = 0;
      fits = fits && !__builtin_mul_overflow(value, factor, &product);
    });
    return fits;
  }

  /// Multiplies every value by `factor`. Precondition: fits(factor).
  void rescale(std::int64_t factor) noexcept {
    window_.transform([factor](std::int64_t value) { return value * factor; });
    sum_ *= factor;
    squares_ *= square(factor);
    wild_count_ = 0;
    window_.for_each([this](std::int64_t value) { wild_count_ += static_cast<std::size_t>(is_wild(value)); });
  }

  void reset() noexcept {
    window_.reset();
    sum_ = 0;
    squares_ = 0;
    wild_count_ = 0;
  }

  void archive(auto& archive) { archive(window_, sum_, squares_, wild_count_); }

  friend bool operator==(const FullRangeMoments&, const FullRangeMoments&) = default;

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
    return std::sqrt(nearest_double(squares * length() - sum_bits * sum_bits));
  }

  /// The spread of the window with this `sum` whose oldest value is read as `oldest`: two passes, the first is the sum.
  [[nodiscard]] double walk(Int128 sum, std::int64_t oldest) const noexcept {
    const Int128 count = static_cast<Int128>(length());
    long double total = 0;
    window_.for_each([&, first = true](std::int64_t value) mutable {
      const auto deviation = static_cast<long double>((first ? oldest : value) * count - sum);
      total += deviation * deviation;
      first = false;
    });
    return static_cast<double>(std::sqrt(total / static_cast<long double>(count)));
  }

  Window<std::int64_t> window_;
  Int128 sum_ = 0;
  UInt128 squares_ = 0;     // modulo 2^128
  std::uint64_t tame_max_;  // larger |x| are wild: one alone could carry N * S2 - S1 * S1 past 2^128
  std::size_t wild_count_ = 0;
};

}  // namespace tapeline
