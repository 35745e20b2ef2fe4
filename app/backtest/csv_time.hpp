// Times as the files of data vendors have them.
//
// Input     2024-01-31, 2024-01-31 09:30[:00[.5]], RFC 3339, 1/31/2024 [09:30], 20240131, or a count since 1970 in seconds,
//           milliseconds, microseconds or nanoseconds, told apart by their size.
#pragma once

#include <optional>
#include <string_view>

#include "core/bars/trading_calendar.hpp"
#include "core/base/time.hpp"

namespace tapeline::app {

enum class SlashDates { month_first, day_first };

/// The instant; a time without an offset is on the clocks of `zone`. nullopt for anything else.
[[nodiscard]] std::optional<Nanos> parse_csv_time(std::string_view text, const TradingCalendar& zone,
                                                  SlashDates slashes) noexcept;

}  // namespace tapeline::app
