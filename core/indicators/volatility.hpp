// Realised volatility per bar: sample standard deviation (divide by N - 1, mean removed) of the last N log returns
// (docs/definitions.md).
//   r = ln(x_i / x_{i-1}), held in fixed point of 2^-57
// The logarithm of the ratio of any two positive 64-bit integers is below 44 and thus always fits. Rounding it moves
// the result by less than 2^-57 = 7e-18, which is 1e-9 relative down to a volatility of 7e-9; the sums are then exact.
//
// Output    a plain ratio, not annualised; 0 where every return was the same.
// Warm-up   N + 1 closes.
#pragma once

#include "core/indicators/rolling_moments.hpp"

namespace tapeline {

class Volatility {
 public:
  using Output = double;
  static constexpr std::uint32_t length_min = 2;  // the sample deviation divides by N - 1

  explicit Volatility(std::uint32_t length) : returns_(checked_length("volatility", length, length_min)) {
    const double count = length;
    divisor_ = std::sqrt(count * (count - 1)) * one;
  }

  void update(std::int64_t close) noexcept {
    TL_DCHECK(close > 0);
    if (last_close_ != 0) returns_.update(log_return(last_close_, close));
    last_close_ = close;
  }

  [[nodiscard]] std::optional<double> value() const noexcept {
    if (!ready()) return std::nullopt;
    return returns_.spread() / divisor_;
  }
  [[nodiscard]] std::optional<double> peek(std::int64_t close) const noexcept {
    if (last_close_ == 0 || !returns_.ready_after()) return std::nullopt;
    return returns_.spread_after(log_return(last_close_, close)) / divisor_;
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return returns_.length() + 1; }
  [[nodiscard]] bool ready() const noexcept { return returns_.ready(); }
  [[nodiscard]] bool fits(std::int64_t factor) const noexcept {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(last_close_, factor, &product);
  }
  void rescale(std::int64_t factor) noexcept { last_close_ *= factor; }  // returns have no scale
  void reset() noexcept {
    returns_.reset();
    last_close_ = 0;
  }

  friend bool operator==(const Volatility&, const Volatility&) = default;

 private:
  static constexpr double one = 0x1p57;  // 1.0 in fixed point
  static_assert(44 * one < 0x1p63, "the largest log return fits 64 bits");

  [[nodiscard]] static std::int64_t log_return(std::int64_t from, std::int64_t to) noexcept {
    const std::int64_t difference = to - from;  // both are positive: it fits
    // Near 1 the exact difference keeps what the quotient has lost; far from 1 it is the other way round.
    const bool near = difference > -(from / 2) && difference < from / 2;
    const double base = static_cast<double>(from);
    const double result =
        near ? std::log1p(static_cast<double>(difference) / base) : std::log(static_cast<double>(to) / base);
    return std::llrint(result * one);
  }

  RollingMoments returns_;
  std::int64_t last_close_ = 0;  // 0: none yet
  double divisor_;
};
static_assert(Kernel<Volatility>);

}  // namespace tapeline
