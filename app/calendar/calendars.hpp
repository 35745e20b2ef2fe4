// The calendar of each instrument: its own, else that of its source.
//
// Threads   Immutable once made; shared by all.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/calendar/config.hpp"
#include "core/bars/trading_calendar.hpp"
#include "core/model/frame.hpp"

namespace tapeline::app {

class Calendars {
 public:
  using BySource = std::array<CalendarConfig, 256>;
  using ByInstrument = std::map<std::string, CalendarOverride, std::less<>>;

  /// Reads every zone that is named. Throws std::invalid_argument for a name that is no zone, std::runtime_error where
  /// the machine has no zones; both with a cure.
  Calendars(BySource by_source, ByInstrument by_instrument);

  [[nodiscard]] std::shared_ptr<const TradingCalendar> of(SourceCode source, std::string_view symbol) const;

 private:
  [[nodiscard]] CalendarConfig config_of(const CalendarConfig& source, std::string_view symbol) const;
  void read(const CalendarConfig& config);

  BySource by_source_;
  ByInstrument by_instrument_;
  std::map<std::pair<Calendar, std::string>, std::shared_ptr<const TradingCalendar>> calendars_;
};

}  // namespace tapeline::app
