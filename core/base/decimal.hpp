// Exact decimal numbers as a source writes them: prices and sizes never pass through a double.
//
// Units     value = mantissa * 10^exponent, exponent in [-30, 0].
// Input     decimal text: optional sign, digits, optional fraction, optional exponent ("61837.63000000", "8.69e-05").
// Output    trailing zeros of the fraction are dropped: equal values have equal representations.
// Failure   more than 18 significant digits or an exponent below -30 is refused, never rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

/// 10^power. Precondition: 0 <= power <= 18.
[[nodiscard]] std::int64_t power_of_ten(int power) noexcept;

/// The whole of `text` as a decimal; surrounding white space is not accepted.
[[nodiscard]] Result<Decimal, DecimalError> parse_decimal(std::string_view text) noexcept;

/// The same for the shape that most numbers of exchanges have, eight digits at once: 8 digits or more, or a fraction of up
/// to 8, 17 characters at most. Any other gives a decimal of exponent 1, which no number has.
[[nodiscard]] Decimal usual_decimal(std::string_view text) noexcept;

/// The decimal that a shortest-round-trip print of `value` shows: for sources that only give doubles.
[[nodiscard]] Result<Decimal, DecimalError> decimal_from_double(double value) noexcept;

/// Nearest double: correctly rounded up to 15 digits and exponent -22, else within 1 ulp.
[[nodiscard]] double to_double(Decimal value) noexcept;
[[nodiscard]] double to_double(Int128 mantissa, int exponent) noexcept;

/// Mantissa of `value` at the finer (or equal) `exponent`; out_of_precision when it would not fit 64 bits.
[[nodiscard]] Result<std::int64_t, DecimalError> mantissa_at(Decimal value, int exponent) noexcept;

/// Plain notation without exponent, e.g. "0.00000024".
[[nodiscard]] std::string to_string(Decimal value);
[[nodiscard]] std::string to_string(Int128 mantissa, int exponent);

}  // namespace tapeline
