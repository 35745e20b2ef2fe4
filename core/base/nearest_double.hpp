// 128-bit integers to the nearest double; most are small enough for the processor's own conversion.
#pragma once

#include <cstdint>

#include "core/base/decimal.hpp"

namespace tapeline {

/// static_cast<double>(value).
[[nodiscard]] constexpr double nearest_double(double value) noexcept { return value; }
[[nodiscard]] constexpr double nearest_double(std::int64_t value) noexcept { return static_cast<double>(value); }
[[nodiscard]] inline double nearest_double(Int128 value) noexcept {
  const auto low = static_cast<std::int64_t>(value);
  return low == value ? static_cast<double>(low) : static_cast<double>(value);
}
[[nodiscard]] inline double nearest_double(UInt128 value) noexcept {
  const auto low = static_cast<std::uint64_t>(value);
  return low == value ? static_cast<double>(low) : static_cast<double>(value);
}

}  // namespace tapeline
