// How unusual the volume of a bar is: its distance from the mean, in standard deviations (docs/definitions.md).
//   z = (volume - mean) / sigma, both over the last N volumes, the newest one included; population or sample sigma
// A volume is part of what it is measured by: with population sigma |z| is at most sqrt(N - 1).
//
// Output    exact sums, so within 1e-15 relative; nullopt where all N volumes are equal.
// Warm-up   N bars.
// Cost      O(1).
#pragma once

#include "core/base/check.hpp"
#include "core/indicators/kernel.hpp"
#include "core/indicators/variants.hpp"
#include "core/indicators/wide_moments.hpp"

namespace tapeline {

class VolumeZScore {
 public:
  using Output = double;
  static constexpr std::uint32_t length_min = 2;

  explicit VolumeZScore(std::uint32_t length, Sigma sigma = Sigma::population)
      : volumes_(checked_length("volume_zscore", length, length_min)), correction_(sigma_correction(sigma, length)) {}

  /// Precondition: volume < 2^109.
  void update(const IndicatorBar& bar) noexcept {
    TL_DCHECK(bar.volume >= 0 && WideMoments::holds(bar.volume));
    volumes_.update(bar.volume);
  }

  [[nodiscard]] std::optional<double> value() const noexcept {
    if (!ready()) return std::nullopt;
    const double spread = volumes_.spread();
    if (spread == 0) return std::nullopt;
    // N * (volume - mean), exact
    const Int128 distance = volumes_.newest() * static_cast<Int128>(volumes_.length()) - volumes_.sum();
    return static_cast<double>(distance) / (spread * correction_);
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return volumes_.length(); }
  [[nodiscard]] bool ready() const noexcept { return volumes_.ready(); }
  [[nodiscard]] bool fits(BarFactors factors) const noexcept { return volumes_.fits(factors.volume); }
  void rescale(BarFactors factors) noexcept {
    if (factors.volume != 1) volumes_.rescale(factors.volume);
  }
  void reset() noexcept { volumes_.reset(); }

  void archive(auto& archive) { archive(volumes_); }

  friend bool operator==(const VolumeZScore&, const VolumeZScore&) = default;

 private:
  WideMoments volumes_;
  double correction_;  // from population to the wanted sigma
};
static_assert(BarKernel<VolumeZScore>);

}  // namespace tapeline
