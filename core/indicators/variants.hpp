// Where tools disagree about one definition: the choices that make our numbers theirs (docs/definitions.md).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace tapeline {

/// What RSI says where the market has not moved at all.
enum class FlatRsi : std::uint8_t {
  undefined,  // ours: 0 / 0 has no value
  zero,       // TA-Lib
  fifty,      // yata
  hundred,    // TradingView, LEAN, talipp
};

[[nodiscard]] constexpr std::optional<double> value_of(FlatRsi flat) noexcept {
  switch (flat) {
    case FlatRsi::undefined: break;
    case FlatRsi::zero: return 0;
    case FlatRsi::fifty: return 50;
    case FlatRsi::hundred: return 100;
  }
  return std::nullopt;
}

/// What the squared deviations of N values are divided by.
enum class Sigma : std::uint8_t {
  population,  // N
  sample,      // N - 1
};

/// What makes `sigma` of the population's. Precondition: length >= sigma_length_min(sigma, 1).
[[nodiscard]] inline double sigma_correction(Sigma sigma, std::uint32_t length) noexcept {
  const double count = length;
  return sigma == Sigma::population ? 1.0 : std::sqrt(count / (count - 1));
}

[[nodiscard]] constexpr std::uint32_t sigma_length_min(Sigma sigma, std::uint32_t length_min) noexcept {
  return sigma == Sigma::population ? length_min : std::max(length_min, 2U);
}

}  // namespace tapeline
