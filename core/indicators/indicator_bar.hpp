// A closed bar as indicators see it.
//
// Units     Prices are mantissa * 10^price_exponent, the volume is mantissa * 10^volume_exponent; nanoseconds of the
//           Unix epoch.
// Input     prices > 0, volume >= 0.
#pragma once

#include <cstdint>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace tapeline {

struct IndicatorBar {
  std::int64_t open = 0;
  std::int64_t high = 0;
  std::int64_t low = 0;
  std::int64_t close = 0;
  std::int8_t price_exponent = 0;
  Int128 volume = 0;
  std::int8_t volume_exponent = 0;
  Nanos start_ns = 0;
  Nanos end_ns = 0;
  std::int64_t session = 0;  // ordinal of the instrument's trading session: another one means that a new one began

  friend bool operator==(const IndicatorBar&, const IndicatorBar&) = default;
};

/// How many times larger the mantissas of a series become when its exponents become finer.
struct BarFactors {
  std::int64_t price = 1;
  std::int64_t volume = 1;
};

}  // namespace tapeline
