// [sources.*] calendar and time_zone, [instruments."SYMBOL"]: whose days and sessions an instrument follows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/calendar/config.hpp"
#include "app/config/section.hpp"

namespace tapeline::app {

/// Of a source. A calendar that is written without a zone means the zone that is usual for it.
void bind_calendar(Section& section, CalendarConfig& calendar);

/// Of single instruments; `symbols` are those that some source has.
void bind_instruments(Section& section, const std::vector<std::string>& symbols,
                      std::map<std::string, CalendarOverride, std::less<>>& instruments, Reading& reading);

}  // namespace tapeline::app
