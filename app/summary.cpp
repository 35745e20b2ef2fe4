#include "app/summary.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/json_text.hpp"

namespace tapeline::app {

std::string duration_text(std::uint64_t duration_ns) {
  const auto value = static_cast<double>(duration_ns);
  if (duration_ns < 1'000) return fmt::format("{} ns", duration_ns);
  if (duration_ns < 1'000'000) return fmt::format("{:.1f} us", value / 1e3);
  if (duration_ns < 1'000'000'000) return fmt::format("{:.2f} ms", value / 1e6);
  return fmt::format("{:.2f} s", value / 1e9);
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

namespace {

/// "received to computed"
std::string spaced(std::string path) {
  std::replace(path.begin(), path.end(), '_', ' ');
  return path;
}

}  // namespace

std::string summary_text(const LaneStats& stats) {
  std::string text = fmt::format("lane {}: {:.1f} s\n", stats.lane, stats.elapsed_s);
  const auto line = [&](std::string_view what, std::uint64_t count, std::string_view remark = {}) {
    text += fmt::format("  {:<16}{:>14}  {}\n", what, count_text(count), remark);
  };
  line("frames", stats.frames, fmt::format("{} bytes", count_text(stats.bytes)));
  for (const auto& [kind, count] : stats.ignored) line("  ignored", count, kind);
  line("ticks", stats.ticks);
  line("bars", stats.bars,
       stats.source_bars > 0 ? fmt::format("{} of them delivered by the source", count_text(stats.source_bars)) : "");
  line("signals", stats.signals);
  line("alerts", stats.alerts);
  line("rejects", stats.rejects);
  line("flags", stats.flags,
       stats.late + stats.gaps > 0 ? fmt::format("{} late, {} gaps", stats.late, stats.gaps) : "");
  line("refusals", stats.refusals, stats.refusals > 0 ? "of sources; see quality_event" : "");
  line("rows committed", stats.rows_committed, fmt::format("in {} batches", count_text(stats.batches)));
  if (stats.rows_quarantined > 0) line("rows refused", stats.rows_quarantined, "by PostgreSQL; see quarantined_row");
  if (stats.alerts_waiting > 0) line("alerts waiting", stats.alerts_waiting, "for Redis");
  if (stats.alerts_given_up > 0) line("alerts not told", stats.alerts_given_up, "to Redis; see fact_alert and the log");
  if (stats.frames_refused > 0) line("frames LOST", stats.frames_refused, "the journal refused them; see the log");
  if (stats.journal_skipped > 0)
    line("journal DAMAGED", stats.journal_skipped, "stretches were skipped; see `tapeline journal verify`");
  bool has_title = false;
  for (const LatencyView& view : stats.latencies) {
    if (view.count == 0) continue;
    if (!has_title) {
      text += fmt::format("  {:<22}{:>10}{:>10}{:>10}{:>10}\n", "from received", "p50", "p99", "p99.9", "max");
      has_title = true;
    }
    text += fmt::format("    {:<20}{:>10}{:>10}{:>10}{:>10}\n", spaced(view.path).substr(sizeof "received " - 1),
                        duration_text(view.p50_ns), duration_text(view.p99_ns), duration_text(view.p999_ns),
                        duration_text(view.max_ns));
  }
  return text;
}

std::string summary_json(const LaneStats& stats) {
  std::string ignored;
  for (const auto& [kind, count] : stats.ignored) {
    ignored += fmt::format("{}{}:{}", ignored.empty() ? "" : ",", json_string(kind), count);
  }
  return fmt::format(
      "{{\"lane\":{},\"elapsed_s\":{:.3f},\"frames\":{},\"bytes\":{},\"frames_refused\":{},\"ignored\":{{{}}},"
      "\"ticks\":{},"
      "\"bars\":{},\"source_bars\":{},\"signals\":{},\"alerts\":{},\"rejects\":{},\"flags\":{},\"refusals\":{},"
      "\"late\":{},"
      "\"unchanged\":{},\"gaps\":{},\"instruments\":{},\"rows_committed\":{},\"batches\":{},\"journal_position\":{},"
      "\"checkpoint\":{},\"latency_ns\":{{\"count\":{},\"p50\":{},\"p99\":{},\"p999\":{},\"max\":{}}},"
      "\"commit_latency_ns\":{{\"p50\":{},\"p99\":{}}},\"alerts_waiting\":{},\"alerts_given_up\":{}}}",
      json_string(stats.lane), stats.elapsed_s, stats.frames, stats.bytes, stats.frames_refused, ignored, stats.ticks,
      stats.bars, stats.source_bars, stats.signals, stats.alerts, stats.rejects, stats.flags, stats.refusals,
      stats.late, stats.unchanged, stats.gaps, stats.instruments, stats.rows_committed, stats.batches,
      stats.journal_position, stats.checkpoint, stats.latency_count, stats.latency_p50_ns, stats.latency_p99_ns,
      stats.latency_p999_ns, stats.latency_max_ns, stats.commit_p50_ns, stats.commit_p99_ns, stats.alerts_waiting,
      stats.alerts_given_up);
}

}  // namespace tapeline::app
