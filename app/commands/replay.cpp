#include "app/commands/replay.hpp"

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>

#include "app/commands/control.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/lane.hpp"
#include "feeds/registry.hpp"
#include "feeds/replay/recording_reader.hpp"
#include "feeds/replay/source.hpp"

namespace tapeline::app {
namespace {

/// The journal of a recording is made from it again, byte for byte: what an earlier replay left is not needed.
void clear_journal(const Config& config, const std::string& directory) {
  if (list_segments(directory).empty()) return;
  {
    // Throws while another replay of the same recording writes it: its journal is not taken from under its feet.
    JournalConfig journal = config.journal;
    journal.directory = directory;
    const JournalWriter lock(journal);
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".journal") std::filesystem::remove(entry.path());
  }
}

}  // namespace

int run_replay(const ReplayOptions& options) {
  LoadedConfig loaded = load_config(options.config_file);
  const feeds::Entry& entry = feeds::named_source(options.source);
  const std::string lane_name = !options.lane.empty() ? options.lane
                                                      : fmt::format("replay-{}-{:016x}", options.source,
                                                                    feeds::replay::fingerprint(options.recordings));
  LaneOptions lane_options{.name = lane_name,
                           .configuration_hash = loaded.hash,
                           .var_directory = resolve_var_directory(),
                           .sinks = options.null_sink ? SinkChoice::none : SinkChoice::configured,
                           .is_recording = true};
  clear_journal(loaded.config, journal_directory(loaded.config, lane_options));
  Lane lane(loaded.config, lane_options, [&](feeds::Poller& poller) {
    poller.add(feeds::replay::make_source(poller.context(), options.recordings, entry.code, Channel{1}));
  });
  return control(lane, {.for_seconds = std::nullopt,
                        .display = options.json ? Display::none : Display::log,
                        .summary = options.json ? Summary::json : Summary::text,
                        .until_exhausted = true,
                        .log = loaded.config.log});
}

}  // namespace tapeline::app
