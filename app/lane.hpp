// One lane, assembled from the configuration: journal, rings, stages, threads, sinks.
//
// Threads   Everything here is called by the control thread; the stages run on the lane's own.
// Failure   The constructor throws with a cure: a journal in use, a database that is not there, a fenced lane. A lane that
//           has run before may wait for the database (LaneOptions): frames are taken in from the start, the rest begins
//           once it answers, from the journal.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/config/config.hpp"
#include "app/intake.hpp"
#include "app/lane_stats.hpp"
#include "app/recovery/recovery.hpp"
#include "app/recovery/settled_position.hpp"
#include "app/recovery/snapshot_thread.hpp"
#include "app/topology.hpp"
#include "app/view/board.hpp"
#include "core/journal/journal_keeper.hpp"
#include "core/journal/journal_survey.hpp"
#include "core/journal/journal_writer.hpp"
#include "core/journal/segment_supply.hpp"
#include "core/runtime/operations.hpp"
#include "core/runtime/runner.hpp"
#include "core/runtime/scheduling.hpp"
#include "core/stages/cache.hpp"
#include "core/stages/journal_player.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/null_writer.hpp"
#include "core/stages/parser.hpp"
#include "feeds/poller.hpp"
#include "sinks/postgres/writer.hpp"
#include "sinks/redis/publisher.hpp"

namespace tapeline::app {

enum class SinkChoice { configured, none };

struct LaneOptions {
  std::string name;  // of the lane: its checkpoint and its journal
  std::string configuration_hash;
  std::string var_directory;
  SinkChoice sinks = SinkChoice::configured;
  CacheSink* observer = nullptr;  // sees latest values and alerts too; outlives the lane
  bool is_recording = false;      // time comes from the recording: no clock frames, open bars end with it
  bool waits_for_database = false;
};

/// Where the lane's journal lies: <var>/journal/<lane>, or below journal.directory.
[[nodiscard]] std::string journal_directory(const Config& config, const LaneOptions& options);

class Lane {
 public:
  /// Adds the lane's sources to its poller.
  using AddSources = std::function<void(feeds::Poller&)>;

  Lane(const Config& config, const LaneOptions& options, const AddSources& add_sources);
  /// Computes everything from a journal that is there, of whatever lane: it is only read.
  Lane(const Config& config, const LaneOptions& options, const JournalExtent& journal);
  ~Lane();

  void start();
  /// Now and then, once started: looks for a database that is waited for. Throws where waiting does not help.
  void advance();
  /// Begins to drain, at most for the configured time.
  void request_stop() noexcept;
  [[nodiscard]] bool finished() const noexcept { return waiting_ ? !intake_ : runner_->finished(); }
  /// Waits for the threads; true when everything was committed.
  bool join();

  /// The recordings, or the journal, have been read to their end.
  [[nodiscard]] bool exhausted() const noexcept {
    return poller_ ? poller_->exhausted() : parser_->counts().position.value() >= journal_end_;
  }
  /// From any thread.
  [[nodiscard]] LaneStats stats() const;
  /// Another process writes this lane: it is over for us.
  [[nodiscard]] bool fenced() const;
  /// The database has lost what it had acknowledged: the lane is over, and goes on when it is made anew.
  [[nodiscard]] bool rolled_back() const;
  /// Why the journal takes nothing more in, its disk having failed; empty: it does. The lane is over, and what is in memory
  /// alone must not become rows that a start would not find in the journal.
  [[nodiscard]] std::string sync_failure() const;
  /// Why the journal cannot be read on; empty: it can.
  [[nodiscard]] std::string journal_failure() const;
  /// From any thread: polled sources are asked now. A lane that reads a journal has none.
  void poll_sources_now() noexcept {
    if (poller_) poller_->poll_sources_now();
  }
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] Operations& operations() noexcept { return operations_; }
  [[nodiscard]] const Board& board() const noexcept { return board_; }
  [[nodiscard]] const RowCatalog& catalog() const noexcept { return *catalog_; }

 private:
  /// What the rest of the lane is made of once the database answers.
  struct Waiting {
    Config config;
    LaneOptions options;
    Links links;
    Nanos retry_at_ns = 0;
  };

  void assemble(const Config& config, const LaneOptions& options, const Links& links, const JournalConfig& journal,
                Stage& input);
  /// Parser and kernels, with the state that they begin with.
  void restore(const Config& config, const LaneOptions& options, const Links& links, const JournalConfig& journal);
  void follow_with_snapshots(const Config& config, const JournalConfig& journal);
  [[nodiscard]] JournalPosition settled_position();
  void open_sinks(const Config& config, const LaneOptions& options, const Links& links);
  void open_postgres(const Config& config, const LaneOptions& options, const Links& links);
  void require_journal_of_database();
  void keep_journal(bool has_snapshots);
  void wait_for_database(std::string reason);
  void start_threads();
  /// Parser, kernels, sinks and threads are there, for whoever asks from another thread.
  [[nodiscard]] bool is_assembled() const noexcept { return is_assembled_.load(std::memory_order_acquire); }  // (A)
  [[nodiscard]] std::vector<SinkState> sink_states() const;

  std::string name_;
  RuntimeConfig runtime_;
  UsableCpus cpus_ = usable_cpus();
  std::optional<AwakeCpus> awake_cpus_;  // from the start to the end of the threads
  Operations operations_;
  Board board_;
  std::shared_ptr<const RowCatalog> catalog_;
  std::unique_ptr<JournalWriter> journal_;  // none where a journal is only read
  JournalPosition recovered_position_ = 0;
  JournalPosition journal_end_ = 0;  // of a journal that is only read
  Topology topology_;
  std::unique_ptr<feeds::Poller> poller_;  // either this
  std::unique_ptr<JournalPlayer> player_;  // or this
  std::unique_ptr<Parser> parser_;
  std::unique_ptr<Kernels> kernels_;
  std::unique_ptr<NullWriter> null_writer_;
  std::unique_ptr<sinks::postgres::Writer> postgres_;
  std::unique_ptr<sinks::redis::Publisher> redis_;
  std::unique_ptr<CacheSink> board_sink_;
  std::unique_ptr<Cache> cache_;
  std::vector<ThreadPlan> plan_;
  std::unique_ptr<Runner> runner_;
  Recovery recovery_;
  SettledPosition settled_;                    // the snapshots' thread's
  std::unique_ptr<SnapshotThread> snapshots_;  // none where the journal is not ours to come back to
  JournalPosition stored_position_ = 0;
  std::atomic<Nanos> started_ns_{0};       // relaxed: a number for displays, which may ask before the start
  std::atomic<bool> is_assembled_{false};  // (A) release at the end of assemble()
  std::unique_ptr<Waiting> waiting_;       // while the database is waited for
  mutable std::mutex waiting_mutex_;       // of the reason, which displays read
  std::string waiting_reason_;
  std::optional<Intake> intake_;                   // while waiting_
  std::unique_ptr<SegmentSupply> segment_supply_;  // these two work on the journal by threads of their own
  std::unique_ptr<JournalKeeper> journal_keeper_;  // and ask the sinks what is stored
};

}  // namespace tapeline::app
