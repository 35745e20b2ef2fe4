#include "core/base/decimal.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "core/base/digits.hpp"

namespace tapeline {
namespace {

bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// Folds trailing zeros and a positive exponent into the one representation that equal values share.
Result<Decimal, DecimalError> canonical(std::int64_t mantissa, int exponent) noexcept {
  if (mantissa == 0) return Decimal{};
  while (exponent < 0 && mantissa % 10 == 0) {
    mantissa /= 10;
    ++exponent;
  }
  for (; exponent > 0; --exponent) {
    if (mantissa > decimal_mantissa_max / 10 || mantissa < -decimal_mantissa_max / 10) {
      return Unexpected{DecimalError::out_of_precision};
    }
    mantissa *= 10;
  }
  if (exponent < decimal_exponent_min) return Unexpected{DecimalError::out_of_precision};
  return Decimal{mantissa, static_cast<std::int8_t>(exponent)};
}

/// The plain shape that nearly all prices have, "61837.63000000", up to 18 digits with their zeros; false for any other.
bool parse_plain(const char* at, const char* end, std::int64_t& mantissa, int& exponent) noexcept {
  if (end - at > decimal_digits_max + 1) return false;
  const char* const begin = at;
  std::uint64_t whole = 0;  // 19 digits without a point fit: they are counted only behind them
  const auto digit = [](char c) { return static_cast<std::uint64_t>(c - '0'); };
  for (; at != end && is_digit(*at); ++at) whole = whole * 10 + digit(*at);
  mantissa = static_cast<std::int64_t>(whole);
  exponent = 0;
  if (at == begin) return false;
  if (at == end) return at - begin <= decimal_digits_max;
  if (*at++ != '.' || at == end) return false;
  const char* const fraction = at;
  while (end != fraction && end[-1] == '0') --end;
  exponent = -static_cast<int>(end - fraction);
  for (; at != end && is_digit(*at); ++at) whole = whole * 10 + digit(*at);
  mantissa = static_cast<std::int64_t>(whole);
  return at == end;
}

Result<Decimal, DecimalError> parse_any(const char* at, const char* const end, bool negative) noexcept {
  std::int64_t mantissa = 0;
  int exponent = 0;
  int digits = 0;         // significant digits taken into the mantissa
  int pending_zeros = 0;  // zeros that count only if another digit follows
  bool any_digit = false;
  bool in_fraction = false;
  for (; at != end; ++at) {
    if (*at == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (!is_digit(*at)) break;
    any_digit = true;
    if (*at == '0') {
      if (digits > 0) ++pending_zeros;
      if (in_fraction) --exponent;
      continue;
    }
    if (digits + pending_zeros + 1 > decimal_digits_max) return Unexpected{DecimalError::out_of_precision};
    mantissa = mantissa * power_of_ten(pending_zeros + 1) + (*at - '0');
    digits += pending_zeros + 1;
    pending_zeros = 0;
    if (in_fraction) --exponent;
  }
  if (!any_digit) return Unexpected{DecimalError::not_a_number};
  exponent += pending_zeros;  // they were never multiplied in
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && *at == '+') ++at;
    int written = 0;
    const auto [next, error] = std::from_chars(at, end, written);
    if (error == std::errc::result_out_of_range) return Unexpected{DecimalError::out_of_precision};
    if (error != std::errc{} || next == at) return Unexpected{DecimalError::not_a_number};
    at = next;
    exponent = std::clamp(exponent + std::clamp(written, -10'000, 10'000), -20'000, 20'000);
  }
  if (at != end) return Unexpected{DecimalError::not_a_number};
  return canonical(negative ? -mantissa : mantissa, exponent);
}

}  // namespace

Decimal usual_decimal(std::string_view text) noexcept {
  constexpr Decimal other{0, 1};
  if (text.size() < 8) return other;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const std::uint64_t first = load_word(begin);
  const int whole = digits_in(first);
  const char* rest = begin + whole;
  const bool has_point = rest != end && *rest == '.';
  if (has_point) ++rest;
  const auto size = end - rest;
  if (whole == 0 || size > 8 || size == 0) return other;
  const int count = static_cast<int>(size);
  const std::uint64_t last = last_values(end, count);
  if (others_among(last) != 0) return other;
  // Zeros at the end of a fraction are read, and forgotten again.
  const int zeros = !has_point ? 0 : last == 0 ? count : std::countl_zero(last) / 8;
  const int kept = count - zeros;
  const std::uint64_t behind = value_of_digits(last << (8 * zeros & 63));  // of nothing but zeros it is 0 in any place
  const std::uint64_t mantissa = value_of(first, whole) * small_power_of_ten(kept) + behind;
  return {static_cast<std::int64_t>(mantissa), static_cast<std::int8_t>(has_point ? -kept : 0)};
}

Result<Decimal, DecimalError> parse_decimal(std::string_view text) noexcept {
  const Decimal usual = usual_decimal(text);
  if (usual.exponent <= 0) return usual;
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  std::int64_t mantissa = 0;
  int exponent = 0;
  if (!parse_plain(at, end, mantissa, exponent)) return parse_any(at, end, negative);
  if (mantissa == 0) return Decimal{};
  return Decimal{negative ? -mantissa : mantissa, static_cast<std::int8_t>(exponent)};
}

Result<Decimal, DecimalError> decimal_from_double(double value) noexcept {
  if (!std::isfinite(value)) return Unexpected{DecimalError::not_a_number};
  std::array<char, 32> text{};
  const auto printed = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  return parse_decimal({text.data(), static_cast<std::size_t>(printed.ptr - text.data())});
}

std::string to_string(Decimal value) { return to_string(Int128{value.mantissa}, value.exponent); }

std::string to_string(Int128 mantissa, int exponent) {
  const bool negative = mantissa < 0;
  UInt128 rest = negative ? -static_cast<UInt128>(mantissa) : static_cast<UInt128>(mantissa);
  std::string reversed;
  int position = exponent;
  bool shown = false;  // trailing zeros of the fraction are not written
  while (rest != 0 || position <= 0) {
    const char digit = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
    if (position < 0) {
      if (digit != '0' || shown) {
        reversed.push_back(digit);
        shown = true;
      }
      if (position == -1 && shown) reversed.push_back('.');
    } else {
      reversed.push_back(digit);
    }
    ++position;
  }
  if (negative) reversed.push_back('-');
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

}  // namespace tapeline
