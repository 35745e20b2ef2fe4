// The scale at which a series of decimals is held as mantissas.
//
// Units     value = mantissa * 10^exponent, exponent in [-30, 0].
#pragma once

#include <algorithm>

#include "core/base/decimal.hpp"

namespace tapeline {

inline constexpr int power_max = 18;  // of the powers of ten that fit 64 bits

/// Without the trailing zeros of its fraction, as parse_decimal() gives it.
[[nodiscard]] inline Decimal without_trailing_zeros(Decimal value) noexcept {
  while (value.exponent < 0 && value.mantissa % 10 == 0) {
    value.mantissa /= 10;
    ++value.exponent;
  }
  return value;
}

/// 10^-exponent: how many mantissas make a 1.
[[nodiscard]] inline double mantissas_per_unit(int exponent) noexcept {
  const int coarse = std::max(exponent, -power_max);
  return static_cast<double>(power_of_ten(-coarse)) * static_cast<double>(power_of_ten(coarse - exponent));
}

}  // namespace tapeline
