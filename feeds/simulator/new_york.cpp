#include "feeds/simulator/new_york.hpp"

#include <chrono>

namespace tapeline::feeds::simulator {
namespace {

using namespace std::chrono;

constexpr int open_minute = 9 * 60 + 30;
constexpr int close_minute = 16 * 60;

sys_seconds to_seconds(Nanos time_ns) { return sys_seconds(floor<seconds>(nanoseconds(time_ns))); }

/// The wall clock of New York, as if it were UTC.
sys_seconds local_time(Nanos time_ns) { return to_seconds(time_ns) + seconds(new_york_offset_s(time_ns)); }

/// UTC of a New York wall time that is not within an hour of a clock change.
Nanos from_local(sys_seconds local) {
  const Nanos guess = duration_cast<nanoseconds>(local.time_since_epoch() + hours(5)).count();
  return duration_cast<nanoseconds>(local.time_since_epoch() - seconds(new_york_offset_s(guess))).count();
}

bool trades_on(sys_days day) {
  const weekday name(day);
  return name != Saturday && name != Sunday;
}

void append_two(std::string& out, unsigned value) {
  out.push_back(static_cast<char>('0' + value / 10 % 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

std::string date_text(sys_days day) {
  const year_month_day date(day);
  std::string out = std::to_string(static_cast<int>(date.year()));
  out.push_back('-');
  append_two(out, static_cast<unsigned>(date.month()));
  out.push_back('-');
  append_two(out, static_cast<unsigned>(date.day()));
  return out;
}

}  // namespace

int new_york_offset_s(Nanos time_ns) noexcept {
  const sys_seconds now = to_seconds(time_ns);
  const year this_year = year_month_day(floor<days>(now)).year();
  const sys_seconds summer = sys_days(this_year / March / Sunday[2]) + hours(7);     // 02:00 EST
  const sys_seconds winter = sys_days(this_year / November / Sunday[1]) + hours(6);  // 02:00 EDT
  return now >= summer && now < winter ? -4 * 3600 : -5 * 3600;
}

std::string new_york_stamp(Nanos time_ns) {
  const sys_seconds local = local_time(time_ns);
  const sys_days day = floor<days>(local);
  const hh_mm_ss clock(local - day);
  std::string out = date_text(day);
  out.push_back(' ');
  append_two(out, static_cast<unsigned>(clock.hours().count()));
  out.push_back(':');
  append_two(out, static_cast<unsigned>(clock.minutes().count()));
  out.push_back(':');
  append_two(out, static_cast<unsigned>(clock.seconds().count()));
  return out;
}

double session_activity(Session session, Nanos time_ns) noexcept {
  if (session == Session::always) return 1.0;
  const sys_seconds local = local_time(time_ns);
  const sys_days day = floor<days>(local);
  if (!trades_on(day)) return 0.0;
  const double minute = static_cast<double>((local - day).count()) / 60.0;
  if (minute < open_minute || minute >= close_minute) return 0.0;
  const double from_noon = 2.0 * (minute - open_minute) / (close_minute - open_minute) - 1.0;
  return 0.6 + 1.2 * from_noon * from_noon;  // integrates to 1 over the session
}

TradingDay trading_day(Session session, Nanos time_ns) {
  const sys_seconds local = local_time(time_ns);
  sys_days day = floor<days>(local);
  const auto minute = duration_cast<minutes>(local - day).count();
  if (session == Session::always) {
    if (minute >= close_minute) day += days(1);
    return {.start_ns = from_local(day - days(1) + minutes(close_minute)),
            .end_ns = from_local(day + minutes(close_minute)),
            .date = date_text(day)};
  }
  if (minute < open_minute) day -= days(1);
  while (!trades_on(day)) day -= days(1);
  return {.start_ns = from_local(day + minutes(open_minute)),
          .end_ns = from_local(day + minutes(close_minute)),
          .date = date_text(day)};
}

}  // namespace tapeline::feeds::simulator
