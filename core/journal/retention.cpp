#include "core/journal/retention.hpp"

#include <algorithm>

namespace tapeline {

RetentionPlan plan_retention(const JournalConfig& config, const RetentionInput& input) noexcept {
  RetentionPlan plan;
  std::uint64_t bytes = input.open_disk_bytes;
  for (const SegmentFile& file : input.closed) bytes += file.disk_bytes;

  const auto is_needed = [&](const SegmentFile& file) {
    return (file.index + 1) * config.segment_bytes > input.needed_position;
  };
  const std::int64_t oldest_ns = input.now_ns - std::int64_t{config.retain_hours} * 3'600 * nanos_per_second;
  for (const SegmentFile& file : input.closed) {
    const bool is_too_old = config.retain_hours > 0 && file.written_ns < oldest_ns;
    const bool is_too_much = (config.retain_bytes > 0 && bytes > config.retain_bytes) ||
                             (config.budget_bytes > 0 && bytes + config.segment_bytes > config.budget_bytes);
    if (!(is_too_old || is_too_much) || is_needed(file)) break;
    bytes -= std::min(bytes, file.disk_bytes);
    ++plan.trim;
  }
  if (config.budget_bytes == 0) return plan;
  for (std::size_t i = plan.trim; i < input.closed.size() && bytes + config.segment_bytes > config.budget_bytes; ++i) {
    if (config.over_budget != OverBudget::drop_oldest) break;
    bytes -= std::min(bytes, input.closed[i].disk_bytes);
    ++plan.drop;
  }
  plan.is_full = bytes + config.segment_bytes > config.budget_bytes;
  return plan;
}

void StoredLongAgo::note(JournalPosition stored, Nanos steady_ns) noexcept {
  // A database that was put back, or a standby that has less, counts at once.
  settled_ = std::min(settled_, stored);
  candidate_ = std::min(candidate_, stored);
  if (has_candidate_ && steady_ns - candidate_since_ns_ >= margin_ns_) {
    settled_ = candidate_;
    has_candidate_ = false;
  }
  if (has_candidate_) return;
  has_candidate_ = true;
  candidate_ = stored;
  candidate_since_ns_ = steady_ns;
  if (margin_ns_ == 0) settled_ = stored;
}

}  // namespace tapeline
