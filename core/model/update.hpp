// What the kernels hand to the cache stage: the latest of an instrument, or an alert. One record of kernels_cache.
//
// Ordering  Latest values may be conflated (the newest per instrument survives), alerts never are.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/model/row.hpp"

namespace tapeline {

enum class UpdateKind : std::uint8_t { instrument = 1, latest = 2, alert = 3 };

/// The newest price, and the indicators of the newest closed bar of the shortest configured interval.
struct Latest {
  Nanos event_ns;
  Nanos receive_ns;
  std::int64_t price_mantissa;
  std::int64_t bid_mantissa;  // best bid and ask of the newest quote; 0: none
  std::int64_t ask_mantissa;
  std::int8_t price_exponent;
  std::int8_t bid_exponent;
  std::int8_t ask_exponent;
  Signal signal;
  SignalReason signal_reason;
  Trend trend;
  std::uint32_t interval_s;  // of the bar behind the indicators; 0: no bar closed yet
  double rsi, sma, bb_upper, bb_lower, change_pct, volatility;
  double provisional_rsi;  // if the open bar closed at this price; NaN where none is open, or RSI is undefined
  std::uint64_t ticks;     // of this instrument since the journal began
};

struct alignas(64) Update {
  UpdateKind kind;
  SourceCode source;
  std::uint8_t pad[2];
  InstrumentIndex instrument;
  JournalPosition position;
  Nanos receive_ns;
  union {
    Latest as_latest;
    AlertRow as_alert;
    InstrumentRow as_instrument;
  };
};
static_assert(std::is_trivially_copyable_v<Update>);

}  // namespace tapeline
