// The days on which an exchange trades: weekdays less holidays, and early closes.
//
// Threads   Immutable once made.
// Input     calendars/*.csv, which travel in the binary: "close,HH:MM", then "DATE,closed", or "DATE,HH:MM"
//           for an early close.
// Failure   Dates beyond those that a calendar knows are taken for ordinary weekdays; last_known() says from when on.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapeline::app {

struct EmbeddedCalendar {
  std::string_view name;
  std::string_view csv;
};
[[nodiscard]] std::span<const EmbeddedCalendar> embedded_calendars() noexcept;

/// "2026-11-26"; nullopt for what is no date.
[[nodiscard]] std::optional<std::chrono::sys_days> parse_date(std::string_view text);
[[nodiscard]] std::string format_date(std::chrono::sys_days day);

class SessionDays {
 public:
  /// "always", "weekdays", or an exchange of calendar_names(). nullopt: there is none of this name.
  [[nodiscard]] static std::optional<SessionDays> named(std::string_view name);
  [[nodiscard]] static std::vector<std::string> names();

  /// Days of one's own on which nothing happens.
  void close_on(std::chrono::sys_days day) { closed_.insert(day); }

  [[nodiscard]] bool is_session(std::chrono::sys_days day) const;
  /// Minutes after local midnight at which that day's session ends; 24 hours where there is no exchange.
  [[nodiscard]] std::chrono::minutes close_of(std::chrono::sys_days day) const;
  /// The session before that day.
  [[nodiscard]] std::chrono::sys_days previous_session(std::chrono::sys_days day) const;
  /// nullopt: rules that hold for ever.
  [[nodiscard]] std::optional<std::chrono::sys_days> last_known() const noexcept { return last_known_; }

 private:
  bool weekends_are_sessions_ = false;
  std::chrono::minutes close_ = std::chrono::hours(24);
  std::set<std::chrono::sys_days> closed_;
  std::map<std::chrono::sys_days, std::chrono::minutes> early_;
  std::optional<std::chrono::sys_days> last_known_;
};

}  // namespace tapeline::app
