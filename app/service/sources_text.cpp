#include "app/service/sources_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/service/health.hpp"
#include "app/summary.hpp"
#include "core/base/json_text.hpp"

namespace tapeline::app {
namespace {

/// "3 s", "12 min", "5 h".
std::string span_text(Nanos span_ns) {
  const double seconds = static_cast<double>(std::max<Nanos>(span_ns, 0)) / static_cast<double>(nanos_per_second);
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  return seconds < 6'000 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3'600);
}

}  // namespace

std::string sources_text(std::span<const feeds::SourceStatus> sources, Nanos wall_ns) {
  std::string text =
      fmt::format("{:<14} {:>9} {:>8} {:>10} {:>9}  {}\n", "source", "frames", "lag", "quota", "next poll", "state");
  for (const feeds::SourceStatus& source : sources) {
    const std::string lag = source.last_frame_ns == 0 ? "-" : span_text(wall_ns - source.last_frame_ns);
    const std::string quota =
        source.quota_per_day == 0 ? "-" : fmt::format("{} of {}", source.quota_left, source.quota_per_day);
    const std::string next = source.next_poll_ns == 0 ? "-" : "in " + span_text(source.next_poll_ns - wall_ns);
    text += fmt::format("{:<14} {:>9} {:>8} {:>10} {:>9}  {}\n", source.name, count_text(source.frames), lag, quota,
                        next, source.state);
    if (!source.last_error.empty())
      text += fmt::format("  ! {} errors, the last: {}\n", source.errors, source.last_error);
    if (!source.unknown_symbols.empty()) {
      text +=
          fmt::format("  ! unknown to it, or delisted: {}; `tapeline symbols search TEXT` finds what it calls them\n",
                      fmt::join(source.unknown_symbols, ", "));
    }
    for (const feeds::SymbolTrouble& trouble : source.troubles)
      text += fmt::format("  ! {}: {}\n", trouble.symbol, trouble.what);
  }
  return text;
}

std::string source_json(const feeds::SourceStatus& source) {
  std::string unknown;
  for (const std::string& symbol : source.unknown_symbols)
    unknown += (unknown.empty() ? "" : ",") + json_string(symbol);
  std::string troubles;
  for (const feeds::SymbolTrouble& trouble : source.troubles) {
    troubles += fmt::format("{}{{\"symbol\":{},\"what\":{}}}", troubles.empty() ? "" : ",", json_string(trouble.symbol),
                            json_string(trouble.what));
  }
  return fmt::format(
      "{{\"name\":{},\"state\":{},\"delivering\":{},\"frames\":{},\"bytes\":{},\"errors\":{},\"reconnects\":{},"
      "\"rounds\":{},\"last_frame_ns\":{},\"last_error\":{},\"quota_per_day\":{},\"quota_left\":{},\"next_poll_ns\":{},"
      "\"unknown_symbols\":[{}],\"gaps\":{},\"backfilled\":{},\"troubles\":[{}]}}",
      json_string(source.name), json_string(source.state), is_delivering(source), source.frames, source.bytes,
      source.errors, source.reconnects, source.rounds, source.last_frame_ns, json_string(source.last_error),
      source.quota_per_day, source.quota_left, source.next_poll_ns, unknown, source.gaps, source.backfilled, troubles);
}

}  // namespace tapeline::app
