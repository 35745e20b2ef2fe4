#include "core/base/time.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace tapeline {
namespace {

Nanos read_clock(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<Nanos>(now.tv_sec) * nanos_per_second + now.tv_nsec;
}

/// Exactly `width` digits at the front of `text`, which is then shortened; nullopt otherwise.
std::optional<int> take_digits(std::string_view& text, std::size_t width) noexcept {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take_char(std::string_view& text, char expected) noexcept {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Nanos wall_now_ns() noexcept { return read_clock(CLOCK_REALTIME); }
Nanos steady_now_ns() noexcept { return read_clock(CLOCK_MONOTONIC); }

std::optional<Nanos> from_civil_utc(int year, int month, int day, int hour, int minute, int second) noexcept {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  // Year limits keep the nanosecond count inside 64 bits.
  if (!date.ok() || year < 1678 || year > 2261) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 * nanos_per_second + second * nanos_per_second;
}

std::string format_utc(Nanos time_ns) {
  using namespace std::chrono;
  const Nanos in_second = ((time_ns % nanos_per_second) + nanos_per_second) % nanos_per_second;
  const std::int64_t seconds = (time_ns - in_second) / nanos_per_second;
  const std::int64_t in_day = ((seconds % 86'400) + 86'400) % 86'400;
  const year_month_day date{sys_days{days{(seconds - in_day) / 86'400}}};
  std::array<char, 64> text{};
  int written =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(in_day / 3600), static_cast<int>(in_day / 60 % 60), static_cast<int>(in_day % 60));
  std::string result(text.data(), static_cast<std::size_t>(written));
  if (in_second != 0) {
    written = std::snprintf(text.data(), text.size(), ".%09d", static_cast<int>(in_second));
    std::size_t keep = static_cast<std::size_t>(written);
    if (in_second % 1'000'000 == 0) {
      keep -= 6;
    } else if (in_second % 1'000 == 0) {
      keep -= 3;
    }
    result.append(text.data(), keep);
  }
  return result + 'Z';
}

std::optional<Nanos> parse_utc(std::string_view text) noexcept {
  const auto year = take_digits(text, 4);
  if (!year || !take_char(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_char(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !(take_char(text, 'T') || take_char(text, 't') || take_char(text, ' '))) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take_char(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  Nanos fraction_ns = 0;
  if (take_char(text, '.')) {
    Nanos unit = nanos_per_second / 10;
    std::size_t digits = 0;
    while (const auto digit = take_digits(text, 1)) {
      fraction_ns += unit * *digit;
      unit /= 10;
      if (++digits > 9) return std::nullopt;
    }
    if (digits == 0) return std::nullopt;
  }
  Nanos offset_ns = 0;
  if (!take_char(text, 'Z') && !take_char(text, 'z')) {
    const bool east = !text.empty() && text.front() == '+';
    if (!take_char(text, '+') && !take_char(text, '-')) return std::nullopt;
    const auto offset_hours = take_digits(text, 2);
    if (!offset_hours || !take_char(text, ':')) return std::nullopt;
    const auto offset_minutes = take_digits(text, 2);
    if (!offset_minutes || *offset_hours > 23 || *offset_minutes > 59) return std::nullopt;
    offset_ns = (*offset_hours * 3600 + *offset_minutes * 60) * nanos_per_second;
    if (!east) offset_ns = -offset_ns;
  }
  if (!text.empty()) return std::nullopt;
  const auto civil = from_civil_utc(*year, *month, *day, *hour, *minute, *second);
  if (!civil) return std::nullopt;
  return *civil + fraction_ns - offset_ns;
}

}  // namespace tapeline
