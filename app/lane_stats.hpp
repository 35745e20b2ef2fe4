// What a lane has done so far, as displays and summaries need it: plain values, copied at one moment.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/journal/journal_keeper.hpp"
#include "core/model/row.hpp"
#include "feeds/source.hpp"

namespace tapeline::app {

struct LinkDepth {
  std::string name;
  std::size_t depth = 0;
  std::size_t capacity = 0;
};

struct SinkState {
  std::string name;
  std::string state;  // "writing", "reconnecting: server closed the connection"
  bool is_healthy = true;
};

/// One stage: how often it was asked, how often it had something to do, and how much it did.
struct StageWork {
  std::string name;
  std::uint64_t polls = 0, busy_polls = 0, items = 0;
};

/// A latency histogram at fixed edges, each with how many were at most that long.
struct LatencyView {
  std::string path;  // "received_to_computed"
  std::uint64_t count = 0, sum_ns = 0;
  std::uint64_t p50_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> at_most;  // edge in nanoseconds, count
};

struct QualityCount {
  QualityKind kind{};
  Reason reason{};
  std::uint64_t count = 0;
};

/// The lane's snapshots: how far a restart would have to go back.
struct SnapshotStats {
  bool is_enabled = false;
  std::uint64_t taken = 0, failed = 0;  // since the start
  // Of the last one, that of an earlier process included; position 0: there is none.
  JournalPosition position = 0;
  std::uint64_t bytes = 0;
  Nanos taken_ns = 0;
  std::uint64_t duration_ns = 0;          // 0: an earlier process took it
  JournalPosition followed_position = 0;  // how far whoever takes them has come
};

struct LaneStats {
  std::string lane;
  double elapsed_s = 0;
  std::uint64_t frames = 0, bytes = 0, frames_refused = 0;
  std::uint64_t journal_skipped = 0;  // damaged stretches of it
  std::string journal_failure;        // why it cannot be read on; empty: it can
  std::uint64_t ticks = 0, bars = 0, source_bars = 0, signals = 0, alerts = 0;
  std::uint64_t rejects = 0, flags = 0, refusals = 0, late = 0, unchanged = 0, gaps = 0, instruments = 0;
  std::uint64_t rows_committed = 0, rows_quarantined = 0, batches = 0;
  std::uint64_t journal_position = 0, journal_recovered = 0, checkpoint = 0;
  JournalUsage journal;                                        // limit 0: a journal that is only read
  std::vector<std::pair<std::string, std::uint64_t>> ignored;  // by kind
  // Frame received to row computed, nanoseconds; count 0: nothing measured (a recording's stamps are not ours).
  std::uint64_t latency_count = 0, latency_p50_ns = 0, latency_p99_ns = 0, latency_p999_ns = 0, latency_max_ns = 0;
  // Frame received to row committed in PostgreSQL.
  std::uint64_t commit_p50_ns = 0, commit_p99_ns = 0;
  std::uint64_t commit_retries = 0;
  std::uint64_t alerts_waiting = 0;   // for Redis
  std::uint64_t alerts_given_up = 0;  // that it was away for too long to get
  SnapshotStats snapshots;
  std::vector<LatencyView> latencies;
  std::vector<QualityCount> quality;  // those that have happened
  std::vector<StageWork> stages;
  std::vector<LinkDepth> links;
  std::vector<SinkState> sinks;
  std::vector<feeds::SourceStatus> sources;
};

}  // namespace tapeline::app
