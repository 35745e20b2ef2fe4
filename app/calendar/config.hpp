// Whose days and sessions an instrument follows, by configuration.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/indicators/calendar_periods.hpp"

namespace tapeline::app {

struct CalendarConfig {
  Calendar kind = Calendar::crypto;
  std::string time_zone = "UTC";  // IANA name
};

/// The zone in which such markets keep their days.
[[nodiscard]] inline CalendarConfig usual_calendar(Calendar kind) {
  return {kind, kind == Calendar::us_equity ? "America/New_York" : "UTC"};
}

/// What is said of one instrument; the rest is as for its source.
struct CalendarOverride {
  std::optional<Calendar> kind;
  std::optional<std::string> time_zone;
};

struct CalendarsConfig {
  CalendarConfig alpha_vantage = usual_calendar(Calendar::us_equity);
  CalendarConfig coingecko;
  CalendarConfig yahoo = usual_calendar(Calendar::us_equity);
  CalendarConfig binance;
  CalendarConfig coinbase;
  CalendarConfig kraken;
  std::map<std::string, CalendarOverride, std::less<>> instruments;  // by our symbol
};

}  // namespace tapeline::app
