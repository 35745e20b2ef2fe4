// 128-bit integers to the nearest double; most are small enough for the processor's own conversion.
#pragma once

#include <bit>
#include <cstdint>

#include "core/base/decimal.hpp"

namespace tapeline {

/// static_cast<double>(value).
[[nodiscard]] constexpr double nearest_double(double value) noexcept { return value; }
[[nodiscard]] constexpr double nearest_double(std::int64_t value) noexcept { return static_cast<double>(value); }
[[nodiscard]] inline double nearest_double(UInt128 value) noexcept {
  constexpr int word_bits = 64;
  const auto high = static_cast<std::uint64_t>(value >> word_bits);
  const auto low = static_cast<std::uint64_t>(value);
  if (high == 0 && low >> (word_bits - 1) == 0) return static_cast<double>(static_cast<std::int64_t>(low));
  // The bits before the last `cut_bits`, the last of them set where one behind it is: the only rounding is the processor's.
  const auto head = [high, low](int cut_bits) {
    const bool is_cut = (low & ((std::uint64_t{1} << cut_bits) - 1)) != 0;
    const std::uint64_t bits = high << (word_bits - cut_bits) | low >> cut_bits | static_cast<std::uint64_t>(is_cut);
    return static_cast<double>(static_cast<std::int64_t>(bits));
  };
  // Up to 72 bits, as the spread of 20,000 prices needs, without asking how many there are.
  constexpr int few_bits = 9;
  if (high >> (few_bits - 1) == 0) return head(few_bits) * (1U << few_bits);
  if (high >> (word_bits - 2) != 0) return static_cast<double>(value);
  const int cut_bits = static_cast<int>(std::bit_width(high)) + 1;
  constexpr std::uint64_t exponent_bias = 1'023;
  constexpr int mantissa_bits = 52;
  const auto scale = (exponent_bias + static_cast<std::uint64_t>(cut_bits)) << mantissa_bits;
  return head(cut_bits) * std::bit_cast<double>(scale);
}
[[nodiscard]] inline double nearest_double(Int128 value) noexcept {
  const auto low = static_cast<std::int64_t>(value);
  if (low == value) return static_cast<double>(low);
  const auto bits = static_cast<UInt128>(value);
  return value < 0 ? -nearest_double(UInt128{0} - bits) : nearest_double(bits);
}

}  // namespace tapeline
