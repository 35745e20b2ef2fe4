#include "app/config/bind_intervals.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tapeline::app {
namespace {

/// What Alpha Vantage, Yahoo and klines deliver.
constexpr std::array<std::uint32_t, 9> source_intervals_s{60, 120, 300, 900, 1'800, 3'600, 14'400, 86'400, 604'800};

}  // namespace

void bind_intervals_of(Section& section, const BarsConfig& bars, std::vector<std::uint32_t>& intervals_s) {
  section.integers("intervals_s", intervals_s, 1, 604'800);
  for (const std::uint32_t interval_s : intervals_s) {
    const auto is_in = [&](const auto& list) { return std::find(list.begin(), list.end(), interval_s) != list.end(); };
    if (is_in(bars.intervals_s) || is_in(source_intervals_s)) continue;
    section.complain("intervals_s",
                     fmt::format("holds {}, a length that no bar has; write some of bars.intervals_s: {}", interval_s,
                                 fmt::join(bars.intervals_s, ", ")));
  }
}

}  // namespace tapeline::app
