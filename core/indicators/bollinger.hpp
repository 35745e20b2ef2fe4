// Bollinger bands (docs/definitions.md).
//   mid = SMA(N), sigma = population standard deviation of the last N closes (divide by N), as Bollinger has it, or
//   their sample deviation (divide by N - 1), as some tools have it
//   upper, lower = mid +- k * sigma
//   percent_b = (close - lower) / (upper - lower), undefined where sigma = 0;   bandwidth = (upper - lower) / mid
//
// Output    sigma within 1e-15 relative, also where it is 1e-18 of the price: it comes from exact integers.
// Warm-up   N closes.
#pragma once

#include "core/base/nearest_double.hpp"
#include "core/indicators/rolling_moments.hpp"
#include "core/indicators/variants.hpp"

namespace tapeline {

struct BollingerBands {
  double mid = 0;
  double sigma = 0;
  double upper = 0;
  double lower = 0;
  double bandwidth = 0;
  double above_mid = 0;  // N * (close - mid), in mantissas
  double reach = 0;      // N * (upper - lower), in mantissas

  [[nodiscard]] std::optional<double> percent_b() const noexcept {
    if (!(reach > 0)) return std::nullopt;
    return 0.5 + above_mid / reach;
  }

  friend bool operator==(const BollingerBands&, const BollingerBands&) = default;
};

/// Of `length` closes with this sum, whose `spread` is length * sigma; `newest` is the last of them. Whole holds
/// length * newest exactly. In prices, where `unit` mantissas make one.
template <class Whole>
[[nodiscard]] BollingerBands bollinger_bands(Whole sum, double spread, Whole newest, std::size_t length, double width,
                                             double unit) noexcept {
  const double count = static_cast<double>(length);
  BollingerBands bands;
  bands.mid = nearest_double(sum) / (count * unit);
  bands.sigma = spread / (count * unit);
  bands.upper = bands.mid + width * bands.sigma;
  bands.lower = bands.mid - width * bands.sigma;
  // newest - mid in exact integers: in doubles a quiet series would lose it
  bands.above_mid = nearest_double(newest * static_cast<Whole>(length) - sum);
  bands.reach = 2 * width * spread;
  bands.bandwidth = bands.reach / nearest_double(sum);
  return bands;
}

class Bollinger {
 public:
  using Output = BollingerBands;
  static constexpr std::uint32_t length_min = 1;

  /// `width` is k.
  Bollinger(std::uint32_t length, double width, Sigma sigma = Sigma::population)
      : closes_(checked_length("bollinger", length, sigma_length_min(sigma, length_min))),
        width_(width),
        correction_(sigma_correction(sigma, length)) {
    if (!std::isfinite(width) || width <= 0) {
      throw std::invalid_argument("bollinger width is impossible: choose a finite number above 0, usually 2");
    }
  }

  void update(std::int64_t close) noexcept { closes_.update(close); }

  /// In prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<BollingerBands> value(double unit = 1.0) const noexcept {
    if (!ready()) return std::nullopt;
    return closes_.read([&](auto sum, double spread, auto newest) { return bands(sum, spread, newest, unit); });
  }
  [[nodiscard]] std::optional<BollingerBands> peek(std::int64_t close, double unit = 1.0) const noexcept {
    if (!closes_.ready_after()) return std::nullopt;
    return closes_.read_after(close,
                              [&](auto sum, double spread, auto newest) { return bands(sum, spread, newest, unit); });
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return closes_.length(); }
  [[nodiscard]] bool ready() const noexcept { return closes_.ready(); }
  [[nodiscard]] bool fits(std::int64_t factor) const noexcept { return closes_.fits(factor); }
  void rescale(std::int64_t factor) noexcept { closes_.rescale(factor); }
  void reset() noexcept { closes_.reset(); }

  void archive(auto& archive) { archive(closes_); }

  friend bool operator==(const Bollinger&, const Bollinger&) = default;

 private:
  template <class Whole>
  [[nodiscard]] BollingerBands bands(Whole sum, double spread, Whole newest, double unit) const noexcept {
    return bollinger_bands(sum, spread * correction_, newest, closes_.length(), width_, unit);
  }

  RollingMoments closes_;
  double width_;
  double correction_;  // from population to the wanted sigma
};
static_assert(Kernel<Bollinger>);

}  // namespace tapeline
