// The account at the end of a run or replay, for people and as one JSON object.
#pragma once

#include <string>

#include "app/lane_stats.hpp"

namespace tapeline::app {

[[nodiscard]] std::string summary_text(const LaneStats& stats);
/// One line; keys are stable.
[[nodiscard]] std::string summary_json(const LaneStats& stats);
/// "850 ns", "12.3 us", "4.56 ms", "1.20 s".
[[nodiscard]] std::string duration_text(std::uint64_t duration_ns);
/// "1,234,567".
[[nodiscard]] std::string count_text(std::uint64_t count);

}  // namespace tapeline::app
