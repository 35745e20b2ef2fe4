#include "app/config/bind_calendars.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "app/calendar/time_zone.hpp"
#include "app/config/nearest.hpp"

namespace tapeline::app {
namespace {

void bind_kind(Section& section, Calendar& kind) {
  section.word("calendar", kind, {{"crypto", Calendar::crypto}, {"us_equity", Calendar::us_equity}});
}

void bind_zone(Section& section, std::string& time_zone) {
  section.text("time_zone", time_zone);
  if (!section.has("time_zone") || section.is_wrong("time_zone") || is_time_zone(time_zone)) return;
  const std::string meant = nearest(time_zone, time_zone_names());
  section.complain("time_zone", fmt::format("\"{}\" is no time zone; {}", time_zone,
                                            meant.empty() ? "write an IANA name, such as \"America/New_York\""
                                                          : fmt::format("did you mean \"{}\"?", meant)));
}

}  // namespace

void bind_calendar(Section& section, CalendarConfig& calendar) {
  bind_kind(section, calendar.kind);
  if (section.has("calendar")) calendar.time_zone = usual_calendar(calendar.kind).time_zone;
  bind_zone(section, calendar.time_zone);
}

void bind_instruments(Section& section, const std::vector<std::string>& symbols,
                      std::map<std::string, CalendarOverride, std::less<>>& instruments, Reading& reading) {
  for (const std::string& symbol : section.named_tables()) {
    Section one(section.path_of("\"" + symbol + "\""), section.sub_table(symbol.c_str()), reading);
    CalendarOverride& own = instruments[symbol];
    if (one.has("calendar")) bind_kind(one, own.kind.emplace());
    if (one.has("time_zone")) bind_zone(one, own.time_zone.emplace());
    one.reject_unknown({"calendar", "time_zone"});
    if (std::find(symbols.begin(), symbols.end(), symbol) != symbols.end()) continue;
    const std::string meant = nearest(symbol, symbols);
    section.complain(symbol, meant.empty() ? "no source has such a symbol; write it into the symbols of one"
                                           : fmt::format("no source has such a symbol; did you mean {}?", meant));
  }
}

}  // namespace tapeline::app
