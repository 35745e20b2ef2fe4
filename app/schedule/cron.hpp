// When a job is due: five fields of a crontab line, in a time zone, on the days of a calendar.
//
// Input     minute hour day-of-month month day-of-week; lists, ranges, steps, names (mon, jan). Where both days are given
//           either will do, as in crontab(5).
// Output    Instants in UTC. At a change of clocks: a fixed time that the clocks skip comes with the change, one that
//           they show twice comes once, the first time; "every n minutes" goes by what really passes.
// Failure   parse() says what is wrong; next() is nullopt where nothing is due for eight years.
#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "app/schedule/session_days.hpp"
#include "core/bars/trading_calendar.hpp"
#include "core/base/result.hpp"

namespace tapeline::app {

class Cron {
 public:
  [[nodiscard]] static Result<Cron, std::string> parse(std::string_view text);

  /// The first instant after `after_ns`.
  [[nodiscard]] std::optional<Nanos> next(Nanos after_ns, const TradingCalendar& zone, const SessionDays& days) const;

 private:
  [[nodiscard]] bool is_on(std::chrono::sys_days day) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_of_month_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;  // 0: Sunday
  bool any_day_of_month_ = true;
  bool any_weekday_ = true;
  bool is_fixed_time_ = false;  // neither minute nor hour is a wildcard
};

}  // namespace tapeline::app
