#include "app/recovery/recovery.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "app/lane_sources.hpp"
#include "app/stage_options.hpp"
#include "app/summary.hpp"
#include "core/snapshot/snapshot_store.hpp"
#include "core/stages/instrument_directory.hpp"
#include "core/stages/pipeline_state.hpp"

namespace tapeline::app {
namespace {

std::string bytes_text(std::uint64_t bytes) { return count_text(bytes) + " bytes"; }

/// Kernels that are given nothing: to ask them what a state of theirs consists of, and to try one on.
struct TrialKernels {
  TrialKernels(const Config& config, const std::shared_ptr<const RowCatalog>& catalog)
      : kernels(kernels_options(config, catalog), events, rows, updates) {}

  SpscRing<MarketEvent> events{2};
  SpscRing<Row> rows{2};
  SpscRing<Update> updates{2};
  Kernels kernels;
};

/// What has become of an instrument of the snapshot under this configuration; empty: it is the same.
std::string renamed(const Config& config, const Snapshot& snapshot, const std::vector<SavedInstrument>& instruments) {
  const InstrumentDirectory names(configured_names(config));
  const Calendars calendars = configured_calendars(config);
  for (const SavedInstrument& saved : instruments) {
    const std::string_view symbol = names.symbol_of(saved.source, saved.native_symbol);
    const std::string instrument = fmt::format("{} of {}", saved.native_symbol, source_name(saved.source));
    if (symbol != saved.symbol) return fmt::format("{} is now {}, and was {}", instrument, symbol, saved.symbol);
    if (calendars.of(saved.source, symbol)->fingerprint(snapshot.witness().receive_ns) != saved.calendar)
      return fmt::format("{} has another calendar now", instrument);
  }
  return {};
}

/// Whether the parts that are not stale can be read, before the lane counts on it.
bool can_be_grafted(TrialKernels& trial, const Snapshot& snapshot, const std::vector<SavedInstrument>& instruments) {
  for (const SavedInstrument& saved : instruments)
    trial.kernels.restore_instrument(saved.source, saved.symbol, saved.native_symbol);
  bool is_sound = true;
  trial.kernels.restore([&](const StatePart& part, const std::function<bool(StateReader&)>& load) {
    const SnapshotPart* found = snapshot.find(part.name);
    if (found == nullptr || found->key != part.key) return false;
    StateReader reader = snapshot.read(*found);
    is_sound = load(reader) && is_sound;
    return true;
  });
  return is_sound;
}

std::string listed(const std::vector<StalePart>& parts) {
  std::string text;
  for (const StalePart& part : parts)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", part.name, part.is_new ? "new" : "other options");
  return text;
}

class Planner {
 public:
  Planner(const Config& config, const std::shared_ptr<const RowCatalog>& catalog, const JournalConfig& journal,
          const RecoveryLimits& limits, const TellRecovery& tell)
      : config_(config), catalog_(catalog), journal_(journal), limits_(limits), tell_(tell) {}

  Recovery plan() {
    const std::string directory = snapshot_directory(journal_.directory);
    std::vector<JournalPosition> positions = list_snapshots(directory);
    std::reverse(positions.begin(), positions.end());
    for (const JournalPosition position : positions) {
      path_ = snapshot_path(directory, position);
      if (const auto usable = consider(position)) return *usable;
    }
    if (partial_.snapshot) {
      tell_partial();
      return partial_;
    }
    const std::uint64_t bytes = limits_.journal_end - limits_.journal_begin;
    if (bytes > 0) {
      tell_(Severity::info, fmt::format("{}: replays the journal from position {}, {}",
                                        positions.empty() ? "there is no snapshot" : "no snapshot can be used",
                                        limits_.journal_begin, bytes_text(bytes)));
    }
    return {nullptr, limits_.journal_begin};
  }

 private:
  /// A whole one; else what can be used of it is remembered.
  std::optional<Recovery> consider(JournalPosition position) {
    if (position > limits_.journal_end) {
      // The frames that it has seen and the journal has lost will be others: later nothing would show.
      remove(fmt::format("is ahead of the journal, which ends at {}", limits_.journal_end));
      return std::nullopt;
    }
    if (position > limits_.checkpoint) {
      tell_(Severity::info,
            fmt::format("snapshot {} is ahead of the database, which has rows up to position {}: an older one is used",
                        path_, limits_.checkpoint));
      return std::nullopt;
    }
    auto opened = Snapshot::open(path_);
    if (!opened) return refuse(opened.error());
    const auto snapshot = std::make_shared<const Snapshot>(std::move(*opened));
    if (snapshot->position() != position) return refuse("it is of another position than its name says");
    if (snapshot->witness().position < limits_.journal_begin)
      return refuse(fmt::format("the journal begins behind it, at {}", limits_.journal_begin));
    if (!is_of_journal(*snapshot, journal_)) {
      remove("is of another journal: what it has seen last is not there");
      return std::nullopt;
    }
    const auto instruments = saved_instruments(*snapshot);
    if (!instruments) return refuse("its instruments cannot be read");
    if (const std::string why = renamed(config_, *snapshot, *instruments); !why.empty()) return refuse(why);
    TrialKernels trial(config_, catalog_);
    std::vector<StalePart> stale = stale_parts(*snapshot, trial.kernels.parts());
    if (!stale.empty()) {
      // An older one may be of these very options: they may have been changed back.
      if (!partial_.snapshot && stale.size() < trial.kernels.parts().size() &&
          can_be_grafted(trial, *snapshot, *instruments)) {
        partial_ = {snapshot, limits_.journal_begin};
        partial_path_ = path_;
        stale_ = std::move(stale);
      }
      return std::nullopt;
    }
    tell_(Severity::info,
          fmt::format("restores {} instruments from snapshot {}, replays {} of the journal behind it",
                      count_text(instruments->size()), path_, bytes_text(limits_.journal_end - position)));
    return Recovery{snapshot, position};
  }

  std::optional<Recovery> refuse(const std::string& why) {
    tell_(Severity::warning,
          fmt::format("snapshot {} cannot be used: {}; an older one, or the journal, is", path_, why));
    return std::nullopt;
  }

  void remove(const std::string& why) {
    std::error_code error;
    std::filesystem::remove(path_, error);
    tell_(Severity::warning, fmt::format("snapshot {} {}; {}", path_, why,
                                         error ? "it cannot be removed: " + error.message() : "it is removed"));
  }

  void tell_partial() {
    const bool is_whole = limits_.journal_begin < journal_.segment_bytes;
    tell_(is_whole ? Severity::info : Severity::warning,
          fmt::format(
              "the configuration has changed since snapshot {}: computes anew from the journal's {} position {}, "
              "{}: {}; everything else is restored at position {}{}",
              partial_path_, is_whole ? "beginning," : "oldest", limits_.journal_begin,
              bytes_text(limits_.journal_end - limits_.journal_begin), listed(stale_), partial_.snapshot->position(),
              is_whole ? ""
                       : ". The journal no longer reaches back to its beginning: what needs more history than "
                         "it has is warming up, and bars_seen and warming_up say so"));
  }

  const Config& config_;
  const std::shared_ptr<const RowCatalog>& catalog_;
  const JournalConfig& journal_;
  const RecoveryLimits& limits_;
  const TellRecovery& tell_;
  std::string path_;
  Recovery partial_;  // the newest one of which only something can be used
  std::string partial_path_;
  std::vector<StalePart> stale_;
};

}  // namespace

Recovery plan_recovery(const Config& config, const std::shared_ptr<const RowCatalog>& catalog,
                       const JournalConfig& journal, const RecoveryLimits& limits, const TellRecovery& tell) {
  if (!config.snapshots.enabled) return {nullptr, limits.journal_begin};
  return Planner(config, catalog, journal, limits, tell).plan();
}

void discard_snapshot(const Recovery& recovery, const JournalConfig& journal, const TellRecovery& tell) {
  const std::string path = snapshot_path(snapshot_directory(journal.directory), recovery.snapshot->position());
  std::error_code error;
  std::filesystem::remove(path, error);
  tell(Severity::warning, fmt::format("snapshot {} does not hold what it promises; it is removed", path));
}

}  // namespace tapeline::app
