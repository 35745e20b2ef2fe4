// The kernels' way out: rows for the writer, updates for the cache, both in journal order.
//
// Threads   The kernels stage's alone.
// Ordering  The newest row is held back until another follows or its frame ends: only then is it known whether it is
//           the last of its frame. Rows of frames that the database has are computed, and not handed out again.
// Failure   What finds no room in a ring waits in order; while anything waits, the stage takes no further event.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "core/model/row.hpp"
#include "core/model/update.hpp"
#include "core/quality/ledger.hpp"
#include "core/runtime/doorbell.hpp"
#include "core/runtime/metrics.hpp"
#include "core/stages/bar_evaluator.hpp"
#include "core/stages/row_catalog.hpp"
#include "core/stages/row_output.hpp"

namespace tapeline {

class KernelOutput {
 public:
  struct Options {
    /// Rows of frames that end at or before this are in the database already.
    JournalPosition stored_position = 0;
    /// Frames below this are being recovered: those received before `recover_alerts_ns` publish no alert again.
    JournalPosition live_position = 0;
    Nanos recover_alerts_ns = 0;
    /// Rung when an alert has been shown downstream; may be null.
    Doorbell* alert_bell = nullptr;
  };

  KernelOutput(Options options, std::shared_ptr<const RowCatalog> catalog, SpscRing<Row>& rows,
               SpscRing<Update>& updates)
      : options_(options), catalog_(std::move(catalog)), rows_(rows), updates_(updates) {}

  /// Whose row it is. The cause may be of another source: a clock, or a tick that moved the watermark.
  struct Subject {
    InstrumentIndex instrument;
    SourceCode source;
  };

  /// The next row to fill, until the next call.
  [[nodiscard]] Row& begin_row(RowKind kind, Subject subject, const MarketEvent& cause) {
    const bool is_stored = cause.end_position() <= options_.stored_position;
    return fill(is_stored ? stored_row_ : hold_row(), kind, subject, cause);
  }
  /// The last of the frame's rows has been begun.
  void end_frame() noexcept {
    if (held_row_ == nullptr) return;
    held_row_->ends_frame = true;
    held_row_ = nullptr;
    rows_.publish();
  }
  /// Room for a latest value, to be published by publish_update(); nullptr: none now.
  [[nodiscard]] Update* try_claim_update() noexcept { return updates_.try_claim(); }
  void publish_update() noexcept { updates_.publish(); }
  /// Something waits for room.
  [[nodiscard]] bool has_backlog() const noexcept { return rows_.has_backlog() || updates_.has_backlog(); }
  /// Shows downstream what has been handed out; true when nothing waits for room any more.
  [[nodiscard]] bool flush() noexcept {
    const bool are_updates_out = updates_.flush();  // alerts do not wait for a database
    const bool are_rows_out = rows_.flush();
    if (has_alert_) {
      has_alert_ = !are_updates_out;  // it may be among those that wait for room
      if (options_.alert_bell != nullptr) options_.alert_bell->ring();
    }
    return are_rows_out && are_updates_out;
  }
  /// Frame of the last row.
  [[nodiscard]] JournalPosition row_position() const noexcept { return row_position_; }
  /// Quality rows so far; may be asked from any thread.
  [[nodiscard]] std::uint64_t quality_count(QualityKind kind, Reason reason) const noexcept {
    return quality_counts_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(reason)].value();
  }

  /// Alerts handed to the updates ring, or waiting for room in it, so far; may be asked from any thread.
  [[nodiscard]] std::uint64_t alerts_told() const noexcept { return alerts_told_.value(); }
  /// Not of what decides rows: the counts, for whoever looks.
  void archive(auto& archive) {
    for (auto& by_reason : quality_counts_) {
      std::vector<std::uint64_t> counts;
      for (const Counter& count : by_reason) counts.push_back(count.value());
      while (!counts.empty() && counts.back() == 0) counts.pop_back();
      archive(counts);
      for (std::size_t i = 0; i < counts.size() && i < by_reason.size(); ++i) by_reason[i].set(counts[i]);
    }
  }

  void announce(const MarketEvent& event);
  void quality(Subject subject, const MarketEvent& cause, Nanos event_ns, QualityKind kind, Reason reason,
               const char* detail);
  void completeness(Subject subject, const LedgerMinute& minute, const MarketEvent& cause);
  void bar(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause);
  void signal(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause);
  /// One row a rule that fired.
  void alerts(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause);

 private:
  [[nodiscard]] Row& hold_row() {
    if (held_row_ != nullptr) rows_.publish();
    held_row_ = &rows_.claim();
    return *held_row_;
  }
  [[nodiscard]] Row& fill(Row& row, RowKind kind, Subject subject, const MarketEvent& cause) noexcept {
    row.kind = kind;
    row.ends_frame = false;
    row.source = subject.source;
    row.instrument = subject.instrument;
    row.position = cause.position;
    row.end_position = cause.end_position();
    row.receive_ns = cause.receive_ns;
    row_position_ = cause.position;
    return row;
  }
  void values(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause);
  void publish_alert(Subject subject, const AlertRow& alert, const MarketEvent& cause);

  Options options_;
  std::shared_ptr<const RowCatalog> catalog_;
  RowOutput<Row> rows_;
  RowOutput<Update> updates_;
  Row stored_row_{};  // receives rows that the database has
  Row* held_row_ = nullptr;
  JournalPosition row_position_ = 0;
  JournalPosition alert_position_ = 0;  // frame of the last alert, and how many it has fired
  std::uint64_t alert_ordinal_ = 0;
  bool has_alert_ = false;  // since the last flush, or waiting for room since
  Counter alerts_told_;
  std::array<std::array<Counter, reason_count>, 3> quality_counts_{};  // by kind and reason
};

}  // namespace tapeline
