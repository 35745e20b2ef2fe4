// Takes rows out of the ring into the batch that is committed next.
//
// Ordering  A batch ends between two frames, and nowhere else; while it is cut it takes no more rows.
//           Rows of frames that are stored already are passed over.
// Failure   An instrument stops the taking until the database has given it a number: its rows follow it.
#pragma once

#include <memory>
#include <vector>

#include "core/ring/spsc_ring.hpp"
#include "sinks/postgres/batch.hpp"
#include "sinks/postgres/batch_policy.hpp"

namespace tapeline::sinks::postgres {

class RowCollector {
 public:
  RowCollector(SpscRing<Row>& rows, std::shared_ptr<const RowCatalog> catalog, BatchPolicy policy)
      : rows_(rows), batch_(std::move(catalog)), policy_(policy) {}

  void begin(JournalPosition stored, std::int16_t lane_id) noexcept {
    stored_ = stored;
    lane_id_ = lane_id;
  }

  /// Takes what there is, a bounded amount, and cuts the batch when it is full or due.
  std::size_t take(Nanos now_ns);
  /// The last rows have come: they are not waited for any longer.
  void cut_rest() noexcept { is_cut_ = is_cut_ || (!batch_.empty() && frame_has_ended_); }
  /// The instrument that must be registered before anything else is taken; nullptr: none.
  [[nodiscard]] const Row* instrument_that_waits() noexcept;
  void registered(InstrumentKey key);

  [[nodiscard]] Batch& batch() noexcept { return batch_; }
  [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }
  [[nodiscard]] bool empty() noexcept { return batch_.empty() && rows_.peek().empty(); }
  /// The batch is stored: on with the next.
  void stored();

 private:
  static constexpr std::size_t rows_per_take = 4'096;

  SpscRing<Row>& rows_;
  Batch batch_;
  BatchPolicy policy_;
  JournalPosition stored_ = 0;
  std::int16_t lane_id_ = 0;
  std::vector<InstrumentKey> instruments_;
  Nanos begun_ns_ = 0;
  bool frame_has_ended_ = true;  // with the newest row taken: the batch may end here
  bool is_cut_ = false;
};

}  // namespace tapeline::sinks::postgres
