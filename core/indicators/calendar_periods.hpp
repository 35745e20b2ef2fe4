// How many bars a market's year has: the factor that annualises a volatility (docs/definitions.md).
#pragma once

#include <algorithm>
#include <cstdint>

namespace tapeline {

enum class Calendar : std::uint8_t {
  crypto,     // 365 days of 24 h
  us_equity,  // 252 days of 6.5 h
};

/// Bars of `interval_s` per year. A bar longer than a session still comes once a session: US equities have 252 daily
/// bars, and 365 / 7 weekly ones. Precondition: interval_s > 0.
[[nodiscard]] constexpr double periods_per_year(Calendar calendar, std::uint32_t interval_s) noexcept {
  constexpr double day_s = 86'400;
  const double interval = interval_s;
  const double round_the_clock = 365 * day_s / interval;
  if (calendar == Calendar::crypto) return round_the_clock;
  constexpr double sessions = 252;
  constexpr double session_s = 6.5 * 3'600;
  return interval <= session_s ? sessions * session_s / interval : std::min(sessions, round_the_clock);
}

}  // namespace tapeline
