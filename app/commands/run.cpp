#include "app/commands/run.hpp"

#include <stdexcept>

#include "app/commands/control.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/lane.hpp"
#include "app/lane_sources.hpp"

namespace tapeline::app {

int run_pipeline(const RunOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file);
  const LaneOptions lane_options{.name = options.lane.empty() ? loaded.config.lane : options.lane,
                                 .configuration_hash = loaded.hash,
                                 .var_directory = resolve_var_directory(),
                                 .sinks = SinkChoice::configured,
                                 .is_recording = false};
  Lane lane(loaded.config, lane_options, [&](feeds::Poller& poller) {
    if (add_configured_sources(loaded.config, poller) > 0) return;
    throw std::invalid_argument(loaded.file + ": sources: none is enabled; enable one, or try ./dev run for the demo");
  });
  LaneService service(loaded.config, lane_options, lane);
  if (!service.problem().empty()) lane.operations().tell(Severity::warning, "dashboard", service.problem());
  if (!service.url().empty()) lane.operations().tell(Severity::info, "dashboard", "serves " + service.url());
  return control(lane, {.for_seconds = options.for_seconds,
                        .display = options.plain ? Display::log : Display::automatic,
                        .summary = options.json ? Summary::json : Summary::text,
                        .log = loaded.config.log,
                        .service = &service});
}

}  // namespace tapeline::app
