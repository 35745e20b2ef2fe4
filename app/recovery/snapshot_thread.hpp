// Takes a lane's snapshots: follows the journal some way behind the lane, with stages of its own, and saves their state.
//
// The lane's stages are not asked for anything: their state is a function of the journal, so whoever computes the same
// has the same. No stall on the path from frame to row by construction; the price is a second computation, on CPUs that
// the path does not use, and a second copy of the state in memory (ARCHITECTURE.md).
//
// Threads   One, its own, between start() and stop(). stats() may be asked from any.
// Ordering  It never passes the settled position: a snapshot is at or before the database's checkpoint when it is taken, and
//           no alert before it waits for a sink that a restart would tell again.
// Failure   A snapshot that cannot be written is told of and tried again an interval later. When the journal cannot be
//           read on, it says so and ends: the lane goes on, and its next start replays more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/config/config.hpp"
#include "app/lane_stats.hpp"
#include "app/recovery/recovery.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/operations.hpp"

namespace tapeline::app {

class Recomputation;

class SnapshotThread {
 public:
  struct Options {
    JournalConfig journal;
    Recovery recovery;           // how the lane has come back: so does this
    std::vector<int> free_cpus;  // that the path from frame to row does not use: to stay on; none: at a low priority
    std::function<JournalPosition()> settled;
  };

  /// `operations` outlives it.
  SnapshotThread(Config config, Options options, Operations& operations);
  ~SnapshotThread() { stop(); }
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;

  void start();
  /// Waits for it, a moment longer where a snapshot is due.
  void stop();
  [[nodiscard]] SnapshotStats stats() const;

 private:
  void run() noexcept;
  void follow(Recomputation& recomputation);
  [[nodiscard]] bool is_due(JournalPosition position, JournalPosition limit) const noexcept;
  void take(Recomputation& recomputation);
  /// False: it is time to end.
  [[nodiscard]] bool rest();

  Config config_;
  Options options_;
  Operations& operations_;
  JournalPosition taken_position_ = 0;
  JournalPosition graft_position_ = 0;  // before it, parts of the state are missing
  Nanos next_try_ns_ = 0;               // steady
  Nanos due_ns_ = 0;                    // wall: an interval after the last one
  Counter taken_;
  Counter failed_;
  Counter position_;
  Counter bytes_;
  Counter taken_ns_;
  Counter duration_ns_;
  Counter followed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<Nanos> deadline_ns_{0};
  std::thread thread_;
};

}  // namespace tapeline::app
