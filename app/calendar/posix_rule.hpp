// The rule by which a zone's summer time goes on for ever: the last line of its file, "EST5EDT,M3.2.0,M11.1.0".
//
// Input     POSIX TZ with the extensions of RFC 9636: hours from -167 to 167, and days as month, week and weekday. The
//           header for such rules of the library that reads the files knows neither (and does not compile as C++20).
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "core/bars/trading_calendar.hpp"

namespace tapeline::app {

class PosixRule {
 public:
  /// nullopt for what is no such rule.
  [[nodiscard]] static std::optional<PosixRule> parse(std::string_view text);

  [[nodiscard]] bool has_summer_time() const noexcept { return has_summer_time_; }
  /// Both changes of a year, in order. Precondition: has_summer_time().
  [[nodiscard]] std::array<OffsetChange, 2> changes_of(std::chrono::year year) const;

 private:
  /// Of a year: the `week`-th such weekday of the month, 5 the last, and seconds from its midnight on the wall clock.
  struct Moment {
    unsigned month = 1;
    unsigned week = 1;
    unsigned weekday = 0;
    std::int32_t time_s = 7'200;
  };
  class Reader;

  std::int32_t standard_offset_s_ = 0;
  std::int32_t summer_offset_s_ = 0;
  Moment summer_begins_;
  Moment summer_ends_;
  bool has_summer_time_ = false;
};

}  // namespace tapeline::app
