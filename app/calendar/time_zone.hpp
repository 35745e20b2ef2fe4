// Time zones by their IANA names, from the machine's time zone database (the package tzdata).
//
// Failure   Throws std::runtime_error with a cure where the machine has no such database.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/bars/trading_calendar.hpp"

namespace tapeline::app {

/// "America/New_York", "UTC" and the like.
[[nodiscard]] bool is_time_zone(std::string_view name);
[[nodiscard]] std::vector<std::string> time_zone_names();

/// The zone's changes of offset, 1900 to 2200. Throws std::invalid_argument for a name that is no zone.
[[nodiscard]] TradingCalendar make_trading_calendar(Calendar kind, const std::string& time_zone);

}  // namespace tapeline::app
