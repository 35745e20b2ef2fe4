#include "app/schedule/session_days.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/base/check.hpp"

namespace tapeline::app {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year_month_day;

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<minutes> parse_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = number<int>(text.substr(0, 2));
  const auto minute = number<int>(text.substr(3));
  if (!hour || !minute) return std::nullopt;
  return minutes(*hour * 60 + *minute);
}

}  // namespace

std::optional<sys_days> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number<int>(text.substr(0, 4));
  const auto month = number<unsigned>(text.substr(5, 2));
  const auto day = number<unsigned>(text.substr(8));
  if (!year || !month || !day) return std::nullopt;
  const year_month_day date{std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)};
  return date.ok() ? std::optional<sys_days>(date) : std::nullopt;
}

std::string format_date(sys_days day) {
  const year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::optional<SessionDays> SessionDays::named(std::string_view name) {
  SessionDays calendar;
  calendar.weekends_are_sessions_ = name == "always";
  if (name == "always" || name == "weekdays") return calendar;
  const auto all = embedded_calendars();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const EmbeddedCalendar& embedded) { return embedded.name == name; });
  if (found == all.end()) return std::nullopt;
  for (std::string_view rest = found->csv; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("close,")) {
      const auto close = parse_clock(line.substr(6));
      TL_CHECK(close.has_value());
      calendar.close_ = *close;
      continue;
    }
    const auto day = parse_date(line.substr(0, 10));
    TL_CHECK(day && line.size() > 11);  // the files are ours
    if (line.substr(11) == "closed") {
      calendar.closed_.insert(*day);
    } else {
      const auto close = parse_clock(line.substr(11));
      TL_CHECK(close.has_value());
      calendar.early_.emplace(*day, *close);
    }
    calendar.last_known_ = sys_days(year_month_day(*day).year() / std::chrono::December / 31);
  }
  return calendar;
}

std::vector<std::string> SessionDays::names() {
  std::vector<std::string> names{"always", "weekdays"};
  for (const EmbeddedCalendar& calendar : embedded_calendars()) names.emplace_back(calendar.name);
  return names;
}

bool SessionDays::is_session(sys_days day) const {
  if (closed_.contains(day)) return false;
  const std::chrono::weekday weekday(day);
  return weekends_are_sessions_ || (weekday != std::chrono::Saturday && weekday != std::chrono::Sunday);
}

minutes SessionDays::close_of(sys_days day) const {
  const auto early = early_.find(day);
  return early == early_.end() ? close_ : early->second;
}

sys_days SessionDays::previous_session(sys_days day) const {
  constexpr int days_searched = 366;
  for (int back = 1; back <= days_searched; ++back) {
    if (is_session(day - days(back))) return day - days(back);
  }
  return day - days(1);
}

}  // namespace tapeline::app
