// Whether the stamps of intraday bars are starts or ends: the source changed it (ends until 2021, starts since), says it
// nowhere, and serves old months still as they were.
//
// Rule      US shares trade from 04:00 to 20:00. No bar begins at 20:00 and none ends at 04:00, so that one such stamp
//           settles a body. Where neither stands in it, or both do, the year of its newest stamp decides: before 2022 ends.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapeline::feeds::alpha_vantage {

enum class BarLabel : std::uint8_t { start, end };

class LabelEvidence {
 public:
  /// "2025-07-11 19:55:00", New York; anything of another form says nothing.
  void see(std::string_view stamp) noexcept;
  [[nodiscard]] BarLabel label() const noexcept;

 private:
  bool has_first_start_ = false;  // 04:00
  bool has_last_end_ = false;     // 20:00
  std::string_view newest_year_;  // points into what was seen
};

}  // namespace tapeline::feeds::alpha_vantage
