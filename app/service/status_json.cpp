#include "app/service/status_json.hpp"

#include <fmt/format.h>

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
  const std::string sources = json_array(stats.sources, [](const feeds::SourceStatus& source) {
    return fmt::format(
        "{{\"name\":{},\"state\":{},\"delivering\":{},\"frames\":{},\"bytes\":{},\"errors\":{},\"reconnects\":{},"
        "\"rounds\":{},\"last_frame_ns\":{},\"last_error\":{}}}",
        json_string(source.name), json_string(source.state), is_delivering(source), source.frames, source.bytes,
        source.errors, source.reconnects, source.rounds, source.last_frame_ns, json_string(source.last_error));
  });
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
      "\"sources\":{},\"sinks\":{},\"latencies\":{},\"quality\":{}}}",
      json_string(version), json_string(configuration_hash), health_json(health), summary_json(stats), stages, links,
      sources, sinks, latencies, quality);
}

std::string status_text(const LaneStats& stats, const HealthReport& health) {
  std::string text = health.is_ready ? "ready" : health.is_alive ? "NOT READY" : "NOT ALIVE";
  text += '\n';
  for (const std::string& reason : health.reasons) text += fmt::format("  ! {}\n", reason);
  text += summary_text(stats);
  for (const feeds::SourceStatus& source : stats.sources) {
    text += fmt::format("  source {:<14} {}  {} frames{}\n", source.name, source.state, count_text(source.frames),
                        source.reconnects > 0 ? fmt::format(", {} reconnects", source.reconnects) : "");
  }
  for (const SinkState& sink : stats.sinks) text += fmt::format("  sink   {:<14} {}\n", sink.name, sink.state);
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
