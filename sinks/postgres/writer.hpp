// The last stage: copies rows into PostgreSQL, exactly once.
//
// Threads   One, its own; status() may be asked from any.
// Input     kernels_writer ring of Row, in journal order.
// Ordering  A batch ends between two frames (row_collector.hpp). It is one transaction: COPY per table, what was refused,
//           audit_batch, and the lane's checkpoint by compare-and-set. What is asked next, and what an answer means, is
//           decided in session.hpp; here it is carried out. A bar that comes again, from another recording of the same
//           hour or as a correction, replaces the one that is there.
// Failure   The database may go away or refuse for as long as it likes: rows stay in the ring, the stages before it stop,
//           the journal holds what comes. Every call has a deadline of ours. One bad row is kept in quarantined_row with
//           the reason, and the others go in. Fenced and rolled back are the end of this writer: status() says so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/base/time.hpp"
#include "core/ring/spsc_ring.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/operations.hpp"
#include "core/runtime/stage.hpp"
#include "sinks/postgres/config.hpp"
#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/row_collector.hpp"
#include "sinks/postgres/session.hpp"

namespace tapeline::sinks::postgres {

struct WriterStatus {
  std::string state;  // "writing", "reconnecting: <reason>", "refused: <reason>", "fenced", "rolled back"
  bool is_healthy = true;
  bool is_fenced = false;       // another writer has the lane
  bool is_rolled_back = false;  // the server has lost what it had acknowledged: open again, from what is stored
  std::uint64_t rows_committed = 0;
  std::uint64_t rows_quarantined = 0;
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
    std::function<Nanos()> wall_clock = wall_now_ns;  // says which day it is
  };

  Writer(Options options, SpscRing<Row>& rows, Operations& operations);

  /// Connects and reads, or makes, the lane's checkpoint. Throws std::runtime_error with a cure, ServerAway where another
  /// try may help.
  [[nodiscard]] JournalPosition open();

  [[nodiscard]] std::string_view name() const noexcept override { return "writer"; }
  std::size_t poll() noexcept override;
  bool drained() noexcept override;

  [[nodiscard]] WriterStatus status() const;
  /// What is committed; nobody who writes waits for whoever asks.
  [[nodiscard]] JournalPosition checkpoint() const noexcept { return stored_.value(); }
  /// Frame received to its rows committed.
  [[nodiscard]] const LatencyHistogram& received_to_committed() const noexcept { return received_to_committed_; }
  /// Frames received before this are not measured: their wait was not ours.
  void measure_from(Nanos wall_ns) noexcept { measure_from_ns_ = wall_ns; }

 private:
  [[nodiscard]] Work work() noexcept;
  /// Asks and answers until nothing is to be asked now.
  std::size_t step();
  [[nodiscard]] Reply perform(const Request& request);
  [[nodiscard]] Reply reply_of(bool is_ok) const;
  void take_note(Session::Event event);

  [[noreturn]] void cannot_open(const std::string& why) const;
  void require_tables();
  void read_lane();
  [[nodiscard]] bool connect();
  [[nodiscard]] bool prepare_session();
  [[nodiscard]] Reply read_checkpoint();
  void end_session_that_holds_checkpoint();
  /// Those that the database has, at once: a lane that comes back names a hundred thousand.
  void read_instruments();
  [[nodiscard]] Reply register_instrument();
  void registered(const std::string& native_symbol, InstrumentKey key);
  /// Numbers are given outside of a batch's transaction: a standby may lack one whose checkpoint is where it should be.
  /// nullopt: could not be asked.
  [[nodiscard]] std::optional<bool> has_unsettled_instruments();
  enum class Moment : std::uint8_t { quiet, between_batches };
  /// That of tomorrow, so that the first ticks of a day do not wait for it: in a quiet moment, in the last hour in any.
  void make_partition_ahead(Moment moment);
  [[nodiscard]] bool begin();
  /// A part of the batch at a time.
  [[nodiscard]] Reply copy(Request::Keys keys);
  [[nodiscard]] bool copy_refused();
  /// Takes the row that copy() failed for out of its table.
  [[nodiscard]] Reply set_aside(Request::Keys keys);
  [[nodiscard]] Reply move_checkpoint(const Request& request);

  void committed();
  void set_state(std::string state, bool is_healthy);

  Options options_;
  Operations& operations_;
  Connection connection_;
  Session session_;
  RowCollector collector_;
  std::int16_t lane_id_ = 0;
  std::set<std::int64_t> partitions_;  // days that are known to have one
  Nanos next_try_ahead_ns_ = 0;        // wall clock
  struct {
    std::size_t table = 0;
    std::size_t first = 0;
    std::size_t last = 0;
  } in_copy_;  // where copy() has come to: rows [first, last) of that table, or behind the last table
  std::size_t rows_per_part_;
  std::map<std::pair<std::int16_t, std::string>, InstrumentKey> known_;  // by source and native symbol, until named
  std::map<std::int32_t, std::pair<std::int16_t, std::string>> unsettled_instruments_;  // used since the last commit
  Counter stored_;                                                                      // the checkpoint, for others
  Nanos measure_from_ns_ = 0;
  LatencyHistogram received_to_committed_;
  mutable std::mutex status_mutex_;  // once a transaction
  WriterStatus status_;
};

}  // namespace tapeline::sinks::postgres
