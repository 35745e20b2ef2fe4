// The last stage: copies rows into PostgreSQL, exactly once.
//
// Threads   One, its own; status() may be asked from any.
// Input     kernels_writer ring of Row, in journal order.
// Ordering  A batch ends between two frames. It is one transaction: COPY per table, audit_batch, and the lane's
// checkpoint
//           by compare-and-set. A bar that comes again, from another recording of the same hour or as a correction,
//           replaces the one that is there. After any error the checkpoint is read again FOR UPDATE: it says whether
//           the batch was committed (new), was not (old: sent again), or another writer has the lane (anything else:
//           fenced).
// Failure   The database may go away for as long as it likes: rows stay in the ring, the stages before it stop, the
//           journal holds what comes. Every call has a deadline of ours.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/ring/spsc_ring.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/operations.hpp"
#include "core/runtime/stage.hpp"
#include "sinks/postgres/batch.hpp"
#include "sinks/postgres/config.hpp"
#include "sinks/postgres/connection.hpp"

namespace tapeline::sinks::postgres {

struct WriterStatus {
  std::string state;  // "writing", "reconnecting: <reason>", "fenced"
  bool is_healthy = true;
  bool is_fenced = false;
  std::uint64_t rows_committed = 0;
  std::uint64_t batches = 0;
  std::uint64_t retries = 0;
  JournalPosition checkpoint = 0;
};

class Writer final : public Stage {
 public:
  struct Options {
    Config config;
    Secret dsn;
    std::string lane;
    std::shared_ptr<const RowCatalog> catalog;
    std::string program_version;
    std::function<std::string(SourceCode)> source_name;
  };

  Writer(Options options, SpscRing<Row>& rows, Operations& operations);

  /// Connects and reads, or makes, the lane's checkpoint. Throws std::runtime_error with a cure.
  [[nodiscard]] JournalPosition open();

  [[nodiscard]] std::string_view name() const noexcept override { return "writer"; }
  std::size_t poll() noexcept override;
  bool drained() noexcept override;

  [[nodiscard]] WriterStatus status() const;
  /// Frame received to its rows committed.
  [[nodiscard]] const LatencyHistogram& received_to_committed() const noexcept { return received_to_committed_; }
  /// Frames received before this are not measured: their wait was not ours.
  void measure_from(Nanos wall_ns) noexcept { measure_from_ns_ = wall_ns; }

 private:
  /// A frame's rows are taken together, or not yet.
  std::size_t take_rows();
  [[nodiscard]] bool batch_is_due() const noexcept;
  /// One attempt; false: trouble was noted and the batch is kept.
  [[nodiscard]] bool commit();
  enum class Keys { are_new, may_be_there };
  [[nodiscard]] bool send(Keys keys);
  [[nodiscard]] bool make_partitions();
  [[nodiscard]] bool copy_rows(Batch::Table& table, Keys keys);
  [[nodiscard]] bool move_checkpoint();
  /// Connects again and finds out what became of the batch in doubt.
  [[nodiscard]] bool recover();
  [[nodiscard]] bool prepare_session();
  /// What is stored once no transaction of ours is left that might still move it; nullopt: cannot be had now.
  [[nodiscard]] std::optional<JournalPosition> settled_checkpoint();
  void end_session_that_holds_checkpoint();
  [[nodiscard]] bool register_instrument(const Row& row);
  void committed();
  void trouble(const std::string& what);
  void fence(const std::string& what);
  void set_state(std::string state, bool is_healthy, bool is_fenced);

  Options options_;
  SpscRing<Row>& rows_;
  Operations& operations_;
  Connection connection_;
  std::int16_t lane_id_ = 0;
  JournalPosition checkpoint_ = 0;
  std::vector<InstrumentKey> instruments_;
  std::set<std::int64_t> partitions_;  // days that are known to have one
  Batch batch_;
  Nanos batch_begun_ns_ = 0;
  bool frame_has_ended_ = true;  // with the newest row taken: the batch may end here
  bool batch_is_cut_ = false;    // being committed: takes no more rows
  bool is_connected_ = false;
  bool is_fenced_ = false;
  int failures_ = 0;
  Nanos retry_at_ns_ = 0;
  Nanos measure_from_ns_ = 0;
  LatencyHistogram received_to_committed_;
  mutable std::mutex status_mutex_;  // a few times a second, never per row
  WriterStatus status_;
};

}  // namespace tapeline::sinks::postgres
