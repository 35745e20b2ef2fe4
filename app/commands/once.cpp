#include "app/commands/once.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "app/commands/control.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/lane.hpp"
#include "app/lane_sources.hpp"

namespace tapeline::app {

int run_once(const OnceOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file);
  const LaneOptions lane_options{.name = loaded.config.lane,
                                 .configuration_hash = loaded.hash,
                                 .var_directory = resolve_var_directory(),
                                 .sinks = options.dry_run ? SinkChoice::none : SinkChoice::configured,
                                 .is_recording = false};
  std::size_t added = 0;
  Lane lane(loaded.config, lane_options,
            [&](feeds::Poller& poller) { added = add_polled_sources(loaded.config, options.source, poller); });
  if (added == 0) {
    throw std::invalid_argument(
        fmt::format("{}: no polled source to ask{}; enable one under [sources.*]", loaded.file,
                    options.source.empty() ? "" : fmt::format(" ({} is not enabled, or streams)", options.source)));
  }
  return control(lane, {.for_seconds = std::nullopt,
                        .display = Display::log,
                        .summary = Summary::text,
                        .until_round_done = true,
                        .log = loaded.config.log});
}

}  // namespace tapeline::app
