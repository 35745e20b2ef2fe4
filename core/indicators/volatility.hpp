// Realised volatility per bar: sample standard deviation (divide by N - 1, mean removed) of the last N log returns
// (docs/definitions.md).
//   r = ln(x_i / x_{i-1}), held in fixed point of 2^-102, so that the sums over the window are exact
// A steady trend is why it takes so much: its returns are nearly equal, and what they differ by is the square of what
// they are. Below 2^-102 = 2e-31 and 1e-19 of a return nothing is told apart.
//
// Output    a plain ratio, not annualised; 0 where every return was the same.
// Warm-up   N + 1 closes.
// Cost      O(1).
#pragma once

#include "core/base/check.hpp"
#include "core/indicators/wide_moments.hpp"

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

  void archive(auto& archive) { archive(returns_, last_close_); }

  friend bool operator==(const Volatility&, const Volatility&) = default;

 private:
  static constexpr double one = 0x1p102;  // 1.0 in fixed point
  // ln(2^63) < 44 is the largest return that two closes can make
  static_assert(44 * one < 0x1p109, "every return fits WideMoments");

  [[nodiscard]] static Int128 log_return(std::int64_t from, std::int64_t to) noexcept {
    const auto difference = static_cast<long double>(to - from);  // both are positive: it fits
    const auto base = static_cast<long double>(from);
    // Near 1 the exact difference keeps what the quotient would lose; far from 1 it is the other way round.
    const bool near = std::abs(difference) < base / 2;
    const long double log = near ? std::log1p(difference / base) : std::log(static_cast<long double>(to) / base);
    return static_cast<Int128>(log * one);
  }

  WideMoments returns_;
  std::int64_t last_close_ = 0;  // 0: none yet
  double divisor_;
};
static_assert(Kernel<Volatility>);

}  // namespace tapeline
