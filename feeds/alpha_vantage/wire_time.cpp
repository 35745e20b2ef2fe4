#include "feeds/alpha_vantage/wire_time.hpp"

#include <stdexcept>
#include <string>

#include <date/tz.h>

namespace tapeline::feeds::alpha_vantage {
namespace {

const date::time_zone* locate_new_york() {
  try {
    const date::time_zone* zone = date::locate_zone("America/New_York");
    static_cast<void>(zone->get_info(date::sys_seconds{}));  // the zone's file is read at its first use: now
    return zone;
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string{"alpha_vantage: no time zone America/New_York ("} + error.what() +
                             "): install the system's tzdata");
  }
}

/// `width` digits at `offset`, or -1.
int digits(std::string_view text, std::size_t offset, std::size_t width) noexcept {
  int value = 0;
  for (const char c : text.substr(offset, width)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// The wall clock time as if it were UTC.
std::optional<Nanos> wall_time(std::string_view stamp) noexcept {
  const bool has_time = stamp.size() == stamp_bytes;
  if ((!has_time && stamp.size() != date_bytes) || stamp[4] != '-' || stamp[7] != '-') return std::nullopt;
  const int year = digits(stamp, 0, 4);
  const int month = digits(stamp, 5, 2);
  const int day = digits(stamp, 8, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  if (!has_time) return from_civil_utc(year, month, day, 0, 0, 0);
  if (stamp[10] != ' ' || stamp[13] != ':' || stamp[16] != ':') return std::nullopt;
  return from_civil_utc(year, month, day, digits(stamp, 11, 2), digits(stamp, 14, 2), digits(stamp, 17, 2));
}

}  // namespace

std::optional<Zone> zone_named(std::string_view name) noexcept {
  if (name == "US/Eastern" || name == "America/New_York") return Zone::new_york;
  if (name == "UTC" || name == "Etc/UTC") return Zone::utc;
  return std::nullopt;
}

TimeZones::TimeZones() : new_york_(locate_new_york()) {}

std::optional<Nanos> TimeZones::to_utc(Nanos wall_ns, Zone zone) const noexcept {
  if (zone == Zone::utc) return wall_ns;
  const date::local_info found =
      new_york_->get_info(date::local_seconds{std::chrono::seconds{wall_ns / nanos_per_second}});
  if (found.result == date::local_info::nonexistent) return std::nullopt;
  // Of an ambiguous time `first` is the offset before the clock went back: the earlier of the two.
  return wall_ns - std::chrono::nanoseconds{found.first.offset}.count();
}

std::optional<Nanos> wall_to_utc(std::string_view stamp, Zone zone, const TimeZones& zones) noexcept {
  const auto wall = wall_time(stamp);
  return wall ? zones.to_utc(*wall, zone) : std::nullopt;
}

std::optional<Nanos> session_close(std::string_view day, const TimeZones& zones) noexcept {
  constexpr Nanos close_of_day = 16 * 3'600 * nanos_per_second;
  if (day.size() != date_bytes) return std::nullopt;
  const auto midnight = wall_time(day);
  return midnight ? zones.to_utc(*midnight + close_of_day, Zone::new_york) : std::nullopt;
}

}  // namespace tapeline::feeds::alpha_vantage
