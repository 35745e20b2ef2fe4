#include "app/commands/replay.hpp"

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "app/commands/control.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/journal_location.hpp"
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
    const auto extension = entry.path().extension();
    if (extension == ".journal" || extension == ".zst" || extension == ".index") std::filesystem::remove(entry.path());
  }
}

LaneOptions lane_options_of(const LoadedConfig& loaded, const ReplayOptions& options, std::string lane) {
  return {.name = std::move(lane),
          .configuration_hash = loaded.hash,
          .var_directory = resolve_var_directory(),
          .sinks = options.null_sink ? SinkChoice::none : SinkChoice::configured,
          .is_recording = true};
}

int finish(Lane& lane, const LoadedConfig& loaded, const ReplayOptions& options) {
  return control(lane, {.for_seconds = std::nullopt,
                        .display = options.json ? Display::none : Display::log,
                        .summary = options.json ? Summary::json : Summary::text,
                        .until_exhausted = true,
                        .log = loaded.config.log});
}

int replay_journal(const LoadedConfig& loaded, const ReplayOptions& options) {
  const std::string root = journal_root(loaded.config, resolve_var_directory());
  const JournalLocation source = locate_journal(root, options.journal);
  // One journal under one configuration is one lane: done again, it writes what has been appended since.
  const std::string lane_name =
      !options.lane.empty() ? options.lane : fmt::format("replay-{}-{}", source.lane, loaded.hash);
  if (!is_lane_name(lane_name))
    throw std::invalid_argument(lane_name + " is too long for a lane; name one with --lane");
  if (!list_segments(root + "/" + lane_name).empty()) {
    throw std::invalid_argument(fmt::format(
        "--lane {}: that lane has a journal of its own, and its rows come from there; name a new one", lane_name));
  }
  Lane lane(loaded.config, lane_options_of(loaded, options, lane_name), survey_journal(source.directory));
  return finish(lane, loaded, options);
}

int replay_recordings(const LoadedConfig& loaded, const ReplayOptions& options) {
  const feeds::Entry& entry = feeds::named_source(options.source);
  const std::string lane_name = !options.lane.empty() ? options.lane
                                                      : fmt::format("replay-{}-{:016x}", options.source,
                                                                    feeds::replay::fingerprint(options.recordings));
  const LaneOptions lane_options = lane_options_of(loaded, options, lane_name);
  clear_journal(loaded.config, journal_directory(loaded.config, lane_options));
  Lane lane(loaded.config, lane_options, [&](feeds::Poller& poller) {
    poller.add(feeds::replay::make_source(poller.context(), options.recordings, entry.code, Channel{1}));
  });
  return finish(lane, loaded, options);
}

}  // namespace

int run_replay(const ReplayOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  return options.journal.empty() ? replay_recordings(loaded, options) : replay_journal(loaded, options);
}

}  // namespace tapeline::app
