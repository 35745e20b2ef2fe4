#include "app/service/status_json.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/service/sources_text.hpp"
#include "app/summary.hpp"
#include "app/version.hpp"
#include "core/base/json_text.hpp"

namespace tapeline::app {
namespace {

/// "[" one, two, ... "]".
template <class Range, class Write>
std::string json_array(const Range& range, const Write& write) {
  std::string text;
  for (const auto& one : range) text += (text.empty() ? "" : ",") + write(one);
  return '[' + text + ']';
}

double busy_fraction(const StageWork& stage) {
  return stage.polls == 0 ? 0 : static_cast<double>(stage.busy_polls) / static_cast<double>(stage.polls);
}

std::string snapshots_json(const SnapshotStats& snapshots) {
  return fmt::format(
      "{{\"enabled\":{},\"taken\":{},\"failed\":{},\"position\":{},\"bytes\":{},\"taken_ns\":{},\"duration_ns\":{},"
      "\"followed_position\":{}}}",
      snapshots.is_enabled, snapshots.taken, snapshots.failed, snapshots.position, snapshots.bytes, snapshots.taken_ns,
      snapshots.duration_ns, snapshots.followed_position);
}

std::string snapshot_text(const LaneStats& stats) {
  const SnapshotStats& snapshots = stats.snapshots;
  if (!snapshots.is_enabled) return "none are taken";
  const std::string failed =
      snapshots.failed > 0 ? fmt::format("; {} could not be written, see the log", snapshots.failed) : "";
  if (snapshots.position == 0) return "none yet" + failed;
  const std::uint64_t behind = stats.journal_position - std::min(stats.journal_position, snapshots.position);
  const Nanos age_ns = std::max<Nanos>(wall_now_ns() - snapshots.taken_ns, 0);
  const std::string took =
      snapshots.duration_ns > 0 ? " in " + duration_text(snapshots.duration_ns) : " by an earlier process";
  return fmt::format("{} s ago, {} bytes{}; a restart replays {} bytes{}", age_ns / nanos_per_second,
                     count_text(snapshots.bytes), took, count_text(behind), failed);
}

}  // namespace

std::string health_json(const HealthReport& health) {
  return fmt::format("{{\"alive\":{},\"ready\":{},\"reasons\":{}}}", health.is_alive, health.is_ready,
                     json_array(health.reasons, [](const std::string& reason) { return json_string(reason); }));
}

std::string status_json(const LaneStats& stats, const HealthReport& health, const std::string& configuration_hash) {
  const std::string stages = json_array(stats.stages, [](const StageWork& stage) {
    return fmt::format("{{\"name\":{},\"items\":{},\"polls\":{},\"busy_polls\":{}}}", json_string(stage.name),
                       stage.items, stage.polls, stage.busy_polls);
  });
  const std::string links = json_array(stats.links, [](const LinkDepth& link) {
    return fmt::format("{{\"name\":{},\"depth\":{},\"capacity\":{}}}", json_string(link.name), link.depth,
                       link.capacity);
  });
  const std::string sources = json_array(stats.sources, source_json);
  const std::string sinks = json_array(stats.sinks, [](const SinkState& sink) {
    return fmt::format("{{\"name\":{},\"state\":{},\"healthy\":{}}}", json_string(sink.name), json_string(sink.state),
                       sink.is_healthy);
  });
  const std::string latencies = json_array(stats.latencies, [](const LatencyView& view) {
    return fmt::format(
        "{{\"path\":{},\"count\":{},\"at_most\":{}}}", json_string(view.path), view.count,
        json_array(view.at_most, [](const auto& edge) { return fmt::format("[{},{}]", edge.first, edge.second); }));
  });
  const std::string quality = json_array(stats.quality, [](const QualityCount& one) {
    return fmt::format("{{\"kind\":\"{}\",\"reason\":\"{}\",\"count\":{}}}", to_string(one.kind), to_string(one.reason),
                       one.count);
  });
  return fmt::format(
      "{{\"version\":{},\"configuration_hash\":{},\"health\":{},\"summary\":{},\"stages\":{},\"links\":{},"
      "\"sources\":{},\"sinks\":{},\"latencies\":{},\"quality\":{},\"snapshots\":{}}}",
      json_string(version), json_string(configuration_hash), health_json(health), summary_json(stats), stages, links,
      sources, sinks, latencies, quality, snapshots_json(stats.snapshots));
}

std::string status_text(const LaneStats& stats, const HealthReport& health) {
  std::string text = health.is_ready ? "ready" : health.is_alive ? "NOT READY" : "NOT ALIVE";
  text += '\n';
  for (const std::string& reason : health.reasons) text += fmt::format("  ! {}\n", reason);
  text += summary_text(stats);
  for (const feeds::SourceStatus& source : stats.sources) {
    text += fmt::format("  source {:<14} {}  {} frames{}\n", source.name, source.state, count_text(source.frames),
                        source.reconnects > 0 ? fmt::format(", {} reconnects", source.reconnects) : "");
    for (const feeds::SymbolTrouble& trouble : source.troubles) {
      text += fmt::format("         {:<14} {}\n", trouble.symbol, trouble.what);
    }
  }
  for (const SinkState& sink : stats.sinks) text += fmt::format("  sink   {:<14} {}\n", sink.name, sink.state);
  text += fmt::format("  snapshot              {}\n", snapshot_text(stats));
  for (const StageWork& stage : stats.stages) {
    text += fmt::format("  stage  {:<14} {:.1f} % busy, {} items\n", stage.name, 100 * busy_fraction(stage),
                        count_text(stage.items));
  }
  for (const LinkDepth& link : stats.links) {
    text += fmt::format("  ring   {:<14} {} of {}\n", link.name, link.depth, link.capacity);
  }
  for (const QualityCount& one : stats.quality) {
    text += fmt::format("  {:<7}{:<24} {}\n", to_string(one.kind), to_string(one.reason), count_text(one.count));
  }
  return text;
}

}  // namespace tapeline::app
