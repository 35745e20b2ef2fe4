// Spread of the last N wide integers, exact for ever: RollingMoments for values that need more than 64 bits.
//
//   spread  sqrt(N * S2 - S1 * S1) = N * population sigma, with S1 = sum of x, S2 = sum of x * x
// S1 fits 128 bits and N * S2 fits 256 as long as |x| < 2^109 = 6e32, which is all that this class asks.
//
// Output    spread() never negative, never NaN, within 1e-15 relative.
// Warm-up   N values.
// Cost      O(1).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/base/decimal.hpp"
#include "core/indicators/window.hpp"

namespace tapeline {

/// As much of a 256-bit unsigned integer as squares of wide integers need; arithmetic is modulo 2^256.
struct UInt256 {
  UInt128 high = 0;
  UInt128 low = 0;

  void archive(auto& archive) { archive(high, low); }

  friend bool operator==(const UInt256&, const UInt256&) = default;

  friend UInt256 operator+(UInt256 a, UInt256 b) noexcept {
    const UInt128 sum = a.low + b.low;
    return {a.high + b.high + static_cast<UInt128>(sum < a.low), sum};
  }
  friend UInt256 operator-(UInt256 a, UInt256 b) noexcept {
    return {a.high - b.high - static_cast<UInt128>(a.low < b.low), a.low - b.low};
  }
  friend UInt256 operator*(UInt256 a, std::uint64_t factor) noexcept {
    UInt256 product = multiplied(a.low, factor);
    product.high += a.high * factor;
    return product;
  }
  [[nodiscard]] static UInt256 square(Int128 value) noexcept {
    const UInt128 bits = static_cast<UInt128>(value);
    const UInt128 magnitude = value < 0 ? 0 - bits : bits;
    const UInt256 by_low = multiplied(magnitude, static_cast<std::uint64_t>(magnitude));
    const UInt256 by_high = multiplied(magnitude, static_cast<std::uint64_t>(magnitude >> 64));
    return by_low + UInt256{(by_high.high << 64) | (by_high.low >> 64), by_high.low << 64};
  }
  [[nodiscard]] long double nearest() const noexcept {
    return static_cast<long double>(high) * 0x1p128L + static_cast<long double>(low);
  }

 private:
  [[nodiscard]] static UInt256 multiplied(UInt128 a, std::uint64_t factor) noexcept {
    const UInt128 low = static_cast<UInt128>(static_cast<std::uint64_t>(a)) * factor;
    const UInt128 high = (a >> 64) * factor + (low >> 64);
    return {high >> 64, (high << 64) | static_cast<std::uint64_t>(low)};
  }
};

class WideMoments {
 public:
  static constexpr Int128 magnitude_end = Int128{1} << 109;  // every |x| is below it

  explicit WideMoments(std::uint32_t length) : window_(length) {}

  void update(Int128 value) noexcept {
    sum_ = sum_after(value);
    squares_ = squares_after(value);
    window_.push(value);
  }

  [[nodiscard]] std::size_t length() const noexcept { return window_.length(); }
  [[nodiscard]] bool ready() const noexcept { return window_.full(); }
  /// Whether one more value makes, or keeps, it ready.
  [[nodiscard]] bool ready_after() const noexcept { return window_.full_after(); }

  [[nodiscard]] Int128 newest() const noexcept { return window_.newest(); }

  /// Precondition: ready().
  [[nodiscard]] Int128 sum() const noexcept { return sum_; }
  [[nodiscard]] double spread() const noexcept { return root(sum_, squares_); }
  /// spread() as update(value) would leave it. Precondition: ready_after().
  [[nodiscard]] double spread_after(Int128 value) const noexcept {
    return root(sum_after(value), squares_after(value));
  }

  [[nodiscard]] static constexpr bool holds(Int128 value) noexcept {
    return value < magnitude_end && value > -magnitude_end;
  }

  [[nodiscard]] bool fits(std::int64_t factor) const noexcept {
    bool fits = true;
    window_.for_each([&](Int128 value) {
      Int128 product = 0;
      fits = fits && !__builtin_mul_overflow(value, Int128{factor}, &product) && holds(product);
    });
    return fits;
  }

  /// Multiplies every value by `factor`. Precondition: fits(factor), factor > 0.
  void rescale(std::int64_t factor) noexcept {
    window_.transform([factor](Int128 value) { return value * factor; });
    sum_ *= factor;
    squares_ = squares_ * static_cast<std::uint64_t>(factor) * static_cast<std::uint64_t>(factor);
  }

  void reset() noexcept {
    window_.reset();
    sum_ = 0;
    squares_ = {};
  }

  void archive(auto& archive) { archive(window_, sum_, squares_); }

  friend bool operator==(const WideMoments&, const WideMoments&) = default;

 private:
  [[nodiscard]] Int128 sum_after(Int128 value) const noexcept { return sum_ + (value - window_.oldest()); }
  [[nodiscard]] UInt256 squares_after(Int128 value) const noexcept {
    return squares_ + UInt256::square(value) - UInt256::square(window_.oldest());
  }
  [[nodiscard]] double root(Int128 sum, UInt256 squares) const noexcept {
    return static_cast<double>(std::sqrt((squares * length() - UInt256::square(sum)).nearest()));
  }

  Window<Int128> window_;
  Int128 sum_ = 0;
  UInt256 squares_;
};

}  // namespace tapeline
