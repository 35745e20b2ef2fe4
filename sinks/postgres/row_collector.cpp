#include "sinks/postgres/row_collector.hpp"

#include <algorithm>

namespace tapeline::sinks::postgres {

std::size_t RowCollector::take(Nanos now_ns) {
  if (is_cut_) return 0;
  std::size_t taken = 0;
  for (const Row& row : rows_.peek().first(std::min(rows_.peek().size(), rows_per_take))) {
    if (batch_.rows() >= policy_.rows_max && frame_has_ended_) {
      is_cut_ = true;
      break;
    }
    if (row.kind == RowKind::instrument) break;
    if (row.end_position > stored_) {
      if (batch_.empty()) begun_ns_ = now_ns;
      const bool has_instrument = row.instrument < instruments_.size();
      batch_.add(row, has_instrument ? &instruments_[row.instrument] : nullptr, lane_id_);
    }
    frame_has_ended_ = row.ends_frame;
    ++taken;
  }
  rows_.release(taken);
  const bool is_due = !batch_.empty() && frame_has_ended_ && policy_.is_due(batch_.rows(), now_ns - begun_ns_);
  is_cut_ = is_cut_ || is_due;
  return taken;
}

const Row* RowCollector::instrument_that_waits() noexcept {
  if (is_cut_) return nullptr;
  const auto waiting = rows_.peek();
  return !waiting.empty() && waiting.front().kind == RowKind::instrument ? &waiting.front() : nullptr;
}

void RowCollector::registered(InstrumentKey key) {
  const Row row = rows_.peek().front();
  if (instruments_.size() <= row.instrument) instruments_.resize(row.instrument + std::size_t{1});
  instruments_[row.instrument] = std::move(key);
  frame_has_ended_ = row.ends_frame;
  rows_.release(1);
}

void RowCollector::stored() {
  stored_ = batch_.end_position();
  batch_.clear();
  is_cut_ = false;
}

}  // namespace tapeline::sinks::postgres
