// Options of a lane's journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tapeline {

/// When what was appended is written through to the disk. A killed process loses nothing either way: this is about the
/// machine losing its power.
enum class JournalFsync {
  none,      // when the operating system does
  interval,  // every fsync_interval_ms, by a thread of its own
  batch,     // before anything is computed from it: the poller waits for the disk
};

enum class JournalCompression { none, zstd };

/// What to do when the disk budget is used up and the database still lacks the oldest segments.
enum class OverBudget {
  stop,         // take nothing in any more, loudly
  drop_oldest,  // delete what the database lacks, loudly
};

struct JournalConfig {
  std::string directory;                                      // empty: <var>/journal/<lane>
  std::size_t segment_bytes = std::size_t{64} * 1024 * 1024;  // a power of two, at least 64 KiB
  JournalFsync fsync = JournalFsync::none;
  std::uint32_t fsync_interval_ms = 1'000;
  JournalCompression compression = JournalCompression::zstd;
  int compression_level = 1;
  std::uint32_t retain_hours = 0;    // 0: no limit by age
  std::uint64_t retain_bytes = 0;    // 0: no limit by size
  std::uint32_t failover_s = 3'600;  // what was committed within this time is kept: a failover may take it back
  std::uint64_t budget_bytes = 0;    // 0: what the disk has
  std::uint32_t budget_warn_percent = 80;
  OverBudget over_budget = OverBudget::stop;
};

}  // namespace tapeline
