// Between what the clocks of a zone show and instants; where they are changed, both answers are said.
#pragma once

#include <chrono>
#include <vector>

#include "core/bars/trading_calendar.hpp"

namespace tapeline::app {

/// The day on the zone's clocks.
[[nodiscard]] std::chrono::sys_days local_day(Nanos time_ns, const TradingCalendar& zone) noexcept;
/// All instants at which the clocks show `local_ns` (as if it were UTC): one, two where they are set back, or none.
[[nodiscard]] std::vector<Nanos> instants_of(Nanos local_ns, const TradingCalendar& zone);
/// Where the clocks skip `local_ns`: the instant of the change.
[[nodiscard]] Nanos change_over(Nanos local_ns, const TradingCalendar& zone);
/// The first of them, or the change.
[[nodiscard]] Nanos instant_of(std::chrono::sys_days day, std::chrono::minutes clock, const TradingCalendar& zone);

}  // namespace tapeline::app
