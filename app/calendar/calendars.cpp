#include "app/calendar/calendars.hpp"

#include "app/calendar/time_zone.hpp"

namespace tapeline::app {

Calendars::Calendars(BySource by_source, ByInstrument by_instrument)
    : by_source_(std::move(by_source)), by_instrument_(std::move(by_instrument)) {
  for (const CalendarConfig& source : by_source_) {
    read(source);
    for (const auto& [symbol, ignored] : by_instrument_) read(config_of(source, symbol));
  }
  read(usual_calendar(Calendar::crypto));
}

void Calendars::read(const CalendarConfig& config) {
  auto& calendar = calendars_[{config.kind, config.time_zone}];
  if (calendar) return;
  calendar = std::make_shared<const TradingCalendar>(make_trading_calendar(config.kind, config.time_zone));
}

CalendarConfig Calendars::config_of(const CalendarConfig& source, std::string_view symbol) const {
  // Sources of stocks have crypto as well, and write such pairs with their currency.
  const bool is_pair = source.kind == Calendar::us_equity && symbol.ends_with("-USD");
  CalendarConfig config = is_pair ? usual_calendar(Calendar::crypto) : source;
  const auto own = by_instrument_.find(symbol);
  if (own == by_instrument_.end()) return config;
  if (own->second.kind && *own->second.kind != config.kind) config = usual_calendar(*own->second.kind);
  if (own->second.time_zone) config.time_zone = *own->second.time_zone;
  return config;
}

std::shared_ptr<const TradingCalendar> Calendars::of(SourceCode source, std::string_view symbol) const {
  const CalendarConfig config = config_of(by_source_[static_cast<std::size_t>(source)], symbol);
  return calendars_.at({config.kind, config.time_zone});
}

}  // namespace tapeline::app
