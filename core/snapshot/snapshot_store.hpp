// The snapshots of a lane: a folder of them in its journal's.
//
//   <journal>/snapshots/<16 hex digits of the position>.snapshot
//
// Threads   One adds and prunes; who starts a lane lists.
// Failure   What cannot be listed is not there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/frame.hpp"
#include "core/snapshot/config.hpp"

namespace tapeline {

[[nodiscard]] std::string snapshot_directory(const std::string& journal_directory);
[[nodiscard]] std::string snapshot_path(const std::string& directory, JournalPosition position);
/// Positions of the snapshots in `directory`, ascending.
[[nodiscard]] std::vector<JournalPosition> list_snapshots(const std::string& directory);

/// One of a list: where it is, and when it was taken.
struct SnapshotAge {
  JournalPosition position = 0;
  Nanos taken_ns = 0;
};
/// Which of them to remove, of a list that ascends by position: all but the newest `keep`, and but `keep` older ones that
/// are at least interval_s apart. Those are for a database that comes back older than it was: only a snapshot at or
/// before its checkpoint can be used.
[[nodiscard]] std::vector<JournalPosition> superfluous_snapshots(const std::vector<SnapshotAge>& ages,
                                                                 const SnapshotConfig& config);
/// Removes the superfluous, and what a crash has left unfinished.
void prune_snapshots(const std::string& directory, const SnapshotConfig& config);

/// Where the journal must begin at the latest, so that every snapshot of the lane can be used: for its retention.
/// nullopt: there is none, and only the whole journal gives the state back.
[[nodiscard]] std::optional<JournalPosition> oldest_needed_position(const std::string& journal_directory);

}  // namespace tapeline
