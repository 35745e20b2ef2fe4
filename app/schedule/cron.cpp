#include "app/schedule/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "app/schedule/local_time.hpp"

namespace tapeline::app {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using Error = Unexpected<std::string>;

constexpr Nanos minute_ns = 60 * nanos_per_second;
constexpr int days_searched = 8 * 366;  // 29 February comes after eight years at the latest

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  unsigned min;
  unsigned max;
  std::span<const std::string_view> names;
  unsigned first_name = 0;  // what the first of them counts
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<unsigned> value_of(const Field& field, std::string_view text) {
  const auto named = std::find(field.names.begin(), field.names.end(), text);
  if (named != field.names.end()) return static_cast<unsigned>(named - field.names.begin()) + field.first_name;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value >= field.min && value <= field.max ? std::optional(value) : std::nullopt;
}

/// "*", "5", "1-5", "*/10", "10-40/5", and lists of them.
template <std::size_t n>
bool read_field(const Field& field, std::string_view text, std::bitset<n>& bits, std::string& error) {
  for (const std::string_view item : split(text, ',')) {
    const std::size_t slash = item.find('/');
    const std::string_view range = item.substr(0, slash);
    std::optional<unsigned> first = field.min, last = field.max;
    if (range != "*") {
      const std::size_t dash = range.find('-');
      first = value_of(field, range.substr(0, dash));
      last = dash != std::string_view::npos    ? value_of(field, range.substr(dash + 1))
             : slash == std::string_view::npos ? first
                                               : std::optional(field.max);
    }
    unsigned step = 1;
    bool is_good = first && last && *first <= *last;
    if (is_good && slash != std::string_view::npos) {
      const std::string_view digits = item.substr(slash + 1);
      const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
      is_good = problem == std::errc{} && end == digits.data() + digits.size() && step > 0;
    }
    if (!is_good) {
      error =
          fmt::format("\"{}\" is no {}; write *, a number from {} to {}, a range such as {}-{}, a step such as */{}",
                      item, field.name, field.min, field.max, field.min, field.max, 2);
      return false;
    }
    for (unsigned value = *first; value <= *last; value += step) bits.set(value);
  }
  return true;
}

}  // namespace

Result<Cron, std::string> Cron::parse(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.size() != 5) {
    return Error{
        fmt::format("\"{}\" has {} fields; write minute hour day-of-month month day-of-week, such as "
                    "\"0 6 * * mon-fri\"",
                    text, words.size())};
  }
  Cron cron;
  std::string error;
  std::bitset<8> weekdays;
  const bool is_good = read_field({"minute", 0, 59, {}, 0}, words[0], cron.minutes_, error) &&
                       read_field({"hour", 0, 23, {}, 0}, words[1], cron.hours_, error) &&
                       read_field({"day of the month", 1, 31, {}, 0}, words[2], cron.days_of_month_, error) &&
                       read_field({"month", 1, 12, month_names, 1}, words[3], cron.months_, error) &&
                       read_field({"day of the week", 0, 7, weekday_names, 0}, words[4], weekdays, error);
  if (!is_good) return Error{error};
  for (std::size_t day = 0; day < weekdays.size(); ++day) {
    if (weekdays[day]) cron.weekdays_.set(day % 7);  // 7 is Sunday too
  }
  cron.any_day_of_month_ = words[2].starts_with('*');
  cron.any_weekday_ = words[4].starts_with('*');
  cron.is_fixed_time_ = !words[0].starts_with('*') && !words[1].starts_with('*');
  // Any eight years have every day that there is.
  if (!cron.next(0, TradingCalendar(), *SessionDays::named("always"))) {
    return Error{fmt::format("\"{}\" is never due: there is no such day", text)};
  }
  return cron;
}

bool Cron::is_on(sys_days day) const {
  const std::chrono::year_month_day date(day);
  if (!months_[static_cast<unsigned>(date.month())]) return false;
  const bool is_day_of_month = days_of_month_[static_cast<unsigned>(date.day())];
  const bool is_weekday = weekdays_[std::chrono::weekday(day).c_encoding()];
  if (any_day_of_month_ || any_weekday_) return is_day_of_month && is_weekday;
  return is_day_of_month || is_weekday;
}

std::optional<Nanos> Cron::next(Nanos after_ns, const TradingCalendar& zone, const SessionDays& sessions) const {
  // A day earlier: where the clocks are set back over midnight, yesterday's times may still lie ahead.
  const sys_days first = local_day(after_ns, zone) - days(1);
  for (int ahead = 0; ahead < days_searched; ++ahead) {
    const sys_days day = first + days(ahead);
    if (!is_on(day) || !sessions.is_session(day)) continue;
    std::optional<Nanos> earliest;
    const auto consider = [&](Nanos instant) {
      if (instant > after_ns && (!earliest || instant < *earliest)) earliest = instant;
    };
    const Nanos midnight = std::chrono::nanoseconds(day.time_since_epoch()).count();
    for (std::size_t hour = 0; hour < hours_.size(); ++hour) {
      if (!hours_[hour]) continue;
      for (std::size_t minute = 0; minute < minutes_.size(); ++minute) {
        if (!minutes_[minute]) continue;
        const Nanos local_ns = midnight + static_cast<Nanos>(hour * 60 + minute) * minute_ns;
        const std::vector<Nanos> instants = instants_of(local_ns, zone);
        if (instants.empty() && is_fixed_time_) consider(change_over(local_ns, zone));
        for (std::size_t i = 0; i < instants.size() && (i == 0 || !is_fixed_time_); ++i) consider(instants[i]);
      }
    }
    if (earliest) return earliest;
  }
  return std::nullopt;
}

}  // namespace tapeline::app
