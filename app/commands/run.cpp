#include "app/commands/run.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/commands/control.hpp"
#include "app/commands/signals.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/lane.hpp"
#include "app/lane_sources.hpp"
#include "app/webhooks/webhook_thread.hpp"

namespace tapeline::app {
namespace {

/// Whether a key may change while the process lives: what is asked of sources, what is judged and told.
bool may_change_live(const std::string& key) {
  constexpr const char* parts[] = {"sources.",     "rules.", "signals.",  "alerts.",  "quality.",
                                   "instruments.", "log.",   "schedule.", "webhooks."};
  return std::any_of(std::begin(parts), std::end(parts), [&](const char* part) { return key.starts_with(part); });
}

/// Keys that differ, in the order of the newer configuration.
std::vector<std::string> changed_keys(const LoadedConfig& older, const LoadedConfig& newer) {
  const auto lacks = [](const std::vector<Setting>& settings, const Setting& wanted) {
    return std::none_of(settings.begin(), settings.end(), [&](const Setting& setting) {
      return setting.key == wanted.key && setting.value == wanted.value;
    });
  };
  std::vector<std::string> keys;
  for (const Setting& setting : newer.settings) {
    if (lacks(older.settings, setting)) keys.push_back(setting.key);
  }
  for (const Setting& setting : older.settings) {
    const bool is_told = std::find(keys.begin(), keys.end(), setting.key) != keys.end();
    if (!is_told && lacks(newer.settings, setting)) keys.push_back(setting.key);
  }
  return keys;
}

/// The configuration to go on with; nullopt, and the reason told, where it must stay as it is.
std::optional<LoadedConfig> reload(const LoadedConfig& present, const std::string& file, Lane& lane) {
  Operations& operations = lane.operations();
  const auto refuse = [&](const std::string& why) {
    operations.tell(Severity::warning, "reload", why + "; the configuration stays as it was");
    return std::nullopt;
  };
  // To drain would take all the time there is, and nothing would be taken in meanwhile.
  for (const SinkState& sink : lane.stats().sinks) {
    if (sink.name == "postgres" && !sink.is_healthy)
      return refuse("PostgreSQL is away (" + sink.state + "): ask again when it is back");
  }
  try {
    LoadedConfig next = load_config(file);
    const std::vector<std::string> changed = changed_keys(present, next);
    if (changed.empty()) return refuse("nothing has changed");
    std::vector<std::string> fixed;
    std::copy_if(changed.begin(), changed.end(), std::back_inserter(fixed),
                 [](const std::string& key) { return !may_change_live(key); });
    if (!fixed.empty())
      return refuse(fmt::format("{} cannot change while it runs: restart it", fmt::join(fixed, ", ")));
    operations.tell(Severity::info, "reload", fmt::format("taking over {}", fmt::join(changed, ", ")));
    return next;
  } catch (const ConfigErrors& errors) {
    for (const std::string& line : errors.lines()) operations.tell(Severity::warning, "reload", line);
    return refuse(fmt::format("{} mistakes", errors.lines().size()));
  }
}

}  // namespace

int run_pipeline(const RunOptions& options) {
  const Signals signals(/*may_reload=*/true);
  LoadedConfig loaded = load_config(options.config_file);
  for (;;) {
    const LaneOptions lane_options{.name = options.lane.empty() ? loaded.config.lane : options.lane,
                                   .configuration_hash = loaded.hash,
                                   .var_directory = resolve_var_directory(),
                                   .sinks = SinkChoice::configured,
                                   .is_recording = false,
                                   .waits_for_database = true};
    Lane lane(loaded.config, lane_options, [&](feeds::Poller& poller) {
      if (add_configured_sources(loaded.config, poller) > 0) return;
      throw std::invalid_argument(loaded.file +
                                  ": sources: none is enabled; enable one, or try ./dev run for the demo");
    });
    std::optional<ScheduleThread> schedule;
    if (loaded.config.postgres.enabled) schedule.emplace(loaded.config, lane_options, lane);
    const WebhookThread webhooks(loaded.config, lane_options, lane.operations());
    LaneService service(loaded.config, lane_options, lane, schedule ? &*schedule : nullptr);
    if (!service.problem().empty()) lane.operations().tell(Severity::warning, "dashboard", service.problem());
    if (!service.url().empty()) lane.operations().tell(Severity::info, "dashboard", "serves " + service.url());
    std::optional<LoadedConfig> next;
    const int ended = control(lane, {.for_seconds = options.for_seconds,
                                     .display = options.plain ? Display::log : Display::automatic,
                                     .summary = options.json ? Summary::json : Summary::text,
                                     .log = loaded.config.log,
                                     .service = &service,
                                     .wants_reload = [&] {
                                       next = reload(loaded, options.config_file, lane);
                                       return next.has_value();
                                     }});
    if (ended == ended_to_write_again) continue;
    if (ended != ended_to_reload) return ended;
    loaded = std::move(*next);
  }
}

}  // namespace tapeline::app
