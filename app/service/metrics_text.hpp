// What a lane does, in Prometheus' text format 0.0.4: base units, names by convention, everything prefixed tapeline_.
#pragma once

#include <span>
#include <string>

#include "app/lane_stats.hpp"
#include "app/view/board.hpp"

namespace tapeline::app {

/// The process itself, as /proc has it.
struct ProcessStats {
  double start_time_s = 0;  // since the epoch
  double cpu_s = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
};
[[nodiscard]] ProcessStats read_process_stats();

struct MetricsInput {
  const LaneStats& stats;
  std::span<const BoardLine> symbols;  // at most metric_symbols_max of them are shown
  const ProcessStats& process;
  std::string configuration_hash;
  std::uint64_t journal_disk_free_bytes = 0;
};

inline constexpr std::size_t metric_symbols_max = 10'000;

[[nodiscard]] std::string metrics_text(const MetricsInput& input);

}  // namespace tapeline::app
