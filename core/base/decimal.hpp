// Exact decimal numbers as a source writes them: prices and sizes never pass through a double.
//
// Units     value = mantissa * 10^exponent, exponent in [-30, 0].
// Input     decimal text: optional sign, digits, optional fraction, optional exponent ("61837.63000000", "8.69e-05").
// Output    trailing zeros of the fraction are dropped: equal values have equal representations.
// Failure   more than 18 significant digits or an exponent below -30 is refused, never rounded.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.hpp"
#include "core/base/result.hpp"

namespace tapeline {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

struct Decimal {
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

enum class DecimalError : std::uint8_t { not_a_number, out_of_precision };

inline constexpr int decimal_digits_max = 18;
inline constexpr int decimal_exponent_min = -30;
inline constexpr std::int64_t decimal_mantissa_max = 999'999'999'999'999'999;

namespace detail {

inline constexpr auto powers_of_ten = [] {
  std::array<std::int64_t, 19> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

/// Those that a double holds exactly.
inline constexpr std::array<double, 23> exact_powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// value * 10^exponent: one division rounds once; smaller scales than 10^-22 divide twice. Precondition: exponent <= 0.
[[nodiscard]] inline double scaled_by_ten(double value, int exponent) noexcept {
  int scale = -exponent;
  for (; scale > 22; scale -= 22) value /= 1e22;
  return value / exact_powers_of_ten[static_cast<std::size_t>(std::max(scale, 0))];
}

}  // namespace detail

/// 10^power. Precondition: 0 <= power <= 18.
[[nodiscard]] inline std::int64_t power_of_ten(int power) noexcept {
  TL_DCHECK(power >= 0 && power <= 18);
  return detail::powers_of_ten[static_cast<std::size_t>(power)];
}

/// The whole of `text` as a decimal; surrounding white space is not accepted.
[[nodiscard]] Result<Decimal, DecimalError> parse_decimal(std::string_view text) noexcept;

/// The same for the shape that most numbers of exchanges have, eight digits at once: 8 digits or more, or a fraction of up
/// to 8, 17 characters at most. Any other gives a decimal of exponent 1, which no number has.
[[nodiscard]] Decimal usual_decimal(std::string_view text) noexcept;

/// The decimal that a shortest-round-trip print of `value` shows: for sources that only give doubles.
[[nodiscard]] Result<Decimal, DecimalError> decimal_from_double(double value) noexcept;

/// Nearest double: correctly rounded up to 15 digits and exponent -22, else within 1 ulp.
[[nodiscard]] inline double to_double(Decimal value) noexcept {
  return detail::scaled_by_ten(static_cast<double>(value.mantissa), value.exponent);
}
[[nodiscard]] inline double to_double(Int128 mantissa, int exponent) noexcept {
  return detail::scaled_by_ten(static_cast<double>(mantissa), exponent);
}

/// Mantissa of `value` at the finer (or equal) `exponent`; out_of_precision when it would not fit 64 bits.
[[nodiscard]] inline Result<std::int64_t, DecimalError> mantissa_at(Decimal value, int exponent) noexcept {
  const int shift = value.exponent - exponent;
  if (value.mantissa == 0) return std::int64_t{0};
  std::int64_t scaled = 0;
  if (shift < 0 || shift > 18 || __builtin_mul_overflow(value.mantissa, power_of_ten(shift), &scaled)) {
    return Unexpected{DecimalError::out_of_precision};
  }
  return scaled;
}

/// Plain notation without exponent, e.g. "0.00000024".
[[nodiscard]] std::string to_string(Decimal value);
[[nodiscard]] std::string to_string(Int128 mantissa, int exponent);

}  // namespace tapeline
