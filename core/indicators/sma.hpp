// Simple moving average: the arithmetic mean of the last N closes (docs/definitions.md).
//
// Output    exact up to one rounding.
// Warm-up   N closes.
#pragma once

#include "core/indicators/rolling_moments.hpp"

namespace tapeline {

/// Of `length` closes with this sum, in prices, where `unit` mantissas make one.
template <class Whole>
[[nodiscard]] double sma_of(Whole sum, std::size_t length, double unit) noexcept {
  return nearest_double(sum) / (static_cast<double>(length) * unit);
}

class Sma {
 public:
  using Output = double;
  static constexpr std::uint32_t length_min = 1;

  explicit Sma(std::uint32_t length) : closes_(checked_length("sma", length, length_min)) {}

  void update(std::int64_t close) noexcept { closes_.update(close); }

  /// In prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<double> value(double unit = 1.0) const noexcept {
    if (!ready()) return std::nullopt;
    return closes_.read([&](auto sum, double, auto) { return sma_of(sum, closes_.length(), unit); });
  }
  [[nodiscard]] std::optional<double> peek(std::int64_t close, double unit = 1.0) const noexcept {
    if (!closes_.ready_after()) return std::nullopt;
    return closes_.read_after(close, [&](auto sum, double, auto) { return sma_of(sum, closes_.length(), unit); });
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return closes_.length(); }
  [[nodiscard]] bool ready() const noexcept { return closes_.ready(); }
  [[nodiscard]] bool fits(std::int64_t factor) const noexcept { return closes_.fits(factor); }
  void rescale(std::int64_t factor) noexcept { closes_.rescale(factor); }
  void reset() noexcept { closes_.reset(); }

  void archive(auto& archive) { archive(closes_); }

  friend bool operator==(const Sma&, const Sma&) = default;

 private:
  RollingMoments closes_;
};
static_assert(Kernel<Sma>);

}  // namespace tapeline
