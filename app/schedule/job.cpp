#include "app/schedule/job.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/calendar/time_zone.hpp"
#include "app/schedule/local_time.hpp"

namespace tapeline::app {
namespace {

using std::chrono::sys_days;

constexpr std::array<std::string_view, 6> names{"fetch",   "database_update",   "overnight_changes",
                                                "signals", "significant_moves", "quality"};
constexpr Nanos hour_ns = 3'600 * nanos_per_second;

Step parse_step(const std::string& text) {
  const std::size_t space = text.find_last_of(' ');
  const auto action = parse_action(space == std::string::npos ? text : text.substr(space + 1));
  if (space == std::string::npos || !action) {
    throw std::invalid_argument(
        fmt::format("\"{}\" is no step; write when and what, such as \"0 6 * * mon-fri fetch\", with one of {}", text,
                    fmt::join(names, ", ")));
  }
  auto cron = Cron::parse(std::string_view(text).substr(0, space));
  if (!cron) throw std::invalid_argument(cron.error());
  return {.action = *action, .cron = std::move(*cron)};
}

SessionDays days_of(const JobConfig& config) {
  auto days = SessionDays::named(config.calendar);
  if (!days) {
    throw std::invalid_argument(
        fmt::format("\"{}\" is no calendar; take one of {}", config.calendar, fmt::join(SessionDays::names(), ", ")));
  }
  for (const std::string& holiday : config.holidays) {
    const auto day = parse_date(holiday);
    if (!day) throw std::invalid_argument(fmt::format("\"{}\" is no day; write it as 2026-12-24", holiday));
    days->close_on(*day);
  }
  return std::move(*days);
}

}  // namespace

std::string_view to_string(Action action) noexcept { return names[static_cast<std::size_t>(action)]; }

std::optional<Action> parse_action(std::string_view text) noexcept {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Action>(found - names.begin());
}

std::vector<std::string> action_names() { return {names.begin(), names.end()}; }

Job::Job(const JobConfig& config)
    : name(config.name),
      zone(std::make_shared<TradingCalendar>(make_trading_calendar(Calendar::crypto, config.time_zone))),
      days(days_of(config)),
      missed(config.missed),
      catch_up_ns(config.catch_up_hours * hour_ns) {
  if (config.steps.empty()) {
    throw std::invalid_argument("has no steps; write steps = [\"*/5 * * * * fetch\"]");
  }
  for (const std::string& text : config.steps) {
    steps.push_back(parse_step(text));
    const Action action = steps.back().action;
    const auto same =
        std::count_if(steps.begin(), steps.end(), [&](const Step& step) { return step.action == action; });
    if (same > 1)
      throw std::invalid_argument(fmt::format("{} stands there twice; one job does it once", to_string(action)));
  }
}

sys_days Job::session_at(Nanos time_ns) const {
  const sys_days day = local_day(time_ns, *zone);
  return days.is_session(day) ? day : days.previous_session(day);
}

Nanos Job::previous_close(sys_days session) const {
  const sys_days previous = days.previous_session(session);
  return instant_of(previous, days.close_of(previous), *zone);
}

std::optional<Nanos> Job::time_on(const Step& step, sys_days day, Nanos now_ns) const {
  std::optional<Nanos> chosen;
  Nanos time_ns = instant_of(day, std::chrono::minutes(0), *zone) - 1;
  while (const auto next = step.cron.next(time_ns, *zone, days)) {
    if (local_day(*next, *zone) != day || (chosen && *next > now_ns)) break;
    chosen = *next;
    time_ns = *next;
  }
  return chosen;
}

}  // namespace tapeline::app
