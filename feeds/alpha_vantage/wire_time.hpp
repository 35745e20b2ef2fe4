// The wall clock stamps of Alpha Vantage, which carry no offset: "2025-07-11 19:55:00", "2025-07-11".
//
// Failure   The constructor of TimeZones throws where the machine has no time zone data. After that bad input is
//           nullopt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/time.hpp"

namespace date {
class time_zone;
}

namespace tapeline::feeds::alpha_vantage {

inline constexpr std::size_t date_bytes = 10;   // 2025-07-11
inline constexpr std::size_t stamp_bytes = 19;  // 2025-07-11 19:55:00

enum class Zone : std::uint8_t { utc, new_york };

/// By the name that "Meta Data" gives: "US/Eastern", "UTC".
[[nodiscard]] std::optional<Zone> zone_named(std::string_view name) noexcept;

class TimeZones {
 public:
  TimeZones();
  /// The earlier time where the wall clock shows it twice; nullopt where it never shows it.
  [[nodiscard]] std::optional<Nanos> to_utc(Nanos wall_ns, Zone zone) const noexcept;

 private:
  const date::time_zone* new_york_;
};

/// A date alone is its midnight.
[[nodiscard]] std::optional<Nanos> wall_to_utc(std::string_view stamp, Zone zone, const TimeZones& zones) noexcept;

/// 16:00 in New York of a date "2025-07-11": when the regular session ends (13:00 on a few days of the year).
[[nodiscard]] std::optional<Nanos> session_close(std::string_view day, const TimeZones& zones) noexcept;

}  // namespace tapeline::feeds::alpha_vantage
