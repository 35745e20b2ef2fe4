// How a lane comes back: from which snapshot, and which part of the journal is replayed behind it.
//
// Threads   The control thread, before the lane's own begin.
// Ordering  A snapshot is used where it is at or before the database's checkpoint: rows up to the checkpoint are computed
//           again and not handed out, those behind it are. After a failover that rolled the database back an older one is.
// Failure   A snapshot that cannot be used is told of by name, with the reason, and another one or the journal taken.
//           What has been computed with other options than these is computed anew from the journal, and told of.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/config/config.hpp"
#include "core/snapshot/snapshot_file.hpp"
#include "core/stages/row_catalog.hpp"

namespace tapeline::app {

struct Recovery {
  std::shared_ptr<const Snapshot> snapshot;  // none: everything comes from the journal
  JournalPosition start_position = 0;        // the first frame to replay begins here
};

struct RecoveryLimits {
  JournalPosition journal_begin = 0;  // of what is left of it
  JournalPosition journal_end = 0;
  JournalPosition checkpoint = 0;  // of the database; without one, the journal's end
};

using TellRecovery = std::function<void(Severity, std::string)>;

/// `journal`: of the lane, with its directory.
[[nodiscard]] Recovery plan_recovery(const Config& config, const std::shared_ptr<const RowCatalog>& catalog,
                                     const JournalConfig& journal, const RecoveryLimits& limits,
                                     const TellRecovery& tell);

/// Of a snapshot that turned out not to hold what it promises: never again.
void discard_snapshot(const Recovery& recovery, const JournalConfig& journal, const TellRecovery& tell);

}  // namespace tapeline::app
