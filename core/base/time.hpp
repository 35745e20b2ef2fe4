// The two clocks and the one text form of time. Event times are nanoseconds since the Unix epoch, UTC.
//
// Everything else of the product takes time as an argument: only this file asks the operating system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapeline {

using Nanos = std::int64_t;

inline constexpr Nanos nanos_per_microsecond = 1'000;
inline constexpr Nanos nanos_per_millisecond = 1'000'000;
inline constexpr Nanos nanos_per_second = 1'000'000'000;

/// Wall clock: may step. For stamps.
[[nodiscard]] Nanos wall_now_ns() noexcept;
/// Steady clock: never steps. For durations and deadlines.
[[nodiscard]] Nanos steady_now_ns() noexcept;

/// "2024-08-08T23:54:15Z", with as many fraction digits (0, 3, 6, 9) as the value needs.
[[nodiscard]] std::string format_utc(Nanos time_ns);

/// RFC 3339 with up to 9 fraction digits and 'Z' or a numeric offset; nullopt for anything else.
[[nodiscard]] std::optional<Nanos> parse_utc(std::string_view text) noexcept;

/// Nanoseconds since the epoch of a UTC civil time; nullopt when a field is out of range.
[[nodiscard]] std::optional<Nanos> from_civil_utc(int year, int month, int day, int hour, int minute,
                                                  int second) noexcept;

}  // namespace tapeline
