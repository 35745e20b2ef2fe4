// New York wall clock and the trading day, by the rule that has held since 2007 (second Sunday of March to first Sunday
// of November): what the simulated exchanges need, without a time zone database.
#pragma once

#include <string>

#include "core/base/time.hpp"
#include "feeds/simulator/symbols.hpp"

namespace tapeline::feeds::simulator {

/// Seconds to add to UTC: -14400 in summer, -18000 in winter.
[[nodiscard]] int new_york_offset_s(Nanos time_ns) noexcept;

/// "2025-07-11 19:55:00".
[[nodiscard]] std::string new_york_stamp(Nanos time_ns);

/// How lively trading is: 1 on average, higher at the open and the close, 0 while the market is closed.
[[nodiscard]] double session_activity(Session session, Nanos time_ns) noexcept;

struct TradingDay {
  Nanos start_ns = 0;  // of its first trade
  Nanos end_ns = 0;    // first moment after its last trade
  std::string date;    // "2025-07-11"
};

/// The day that trades at `time_ns`, or else the last one that did. A market that never closes turns its day over at
/// 16:00 New York, so that its "close" always lies ahead.
[[nodiscard]] TradingDay trading_day(Session session, Nanos time_ns);

}  // namespace tapeline::feeds::simulator
