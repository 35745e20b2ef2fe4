// Which of a journal's oldest segments may go: a decision, without any file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/time.hpp"
#include "core/journal/config.hpp"
#include "core/journal/segment_files.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

struct RetentionPlan {
  std::size_t trim = 0;  // so many of the oldest are over the limits, and nobody needs them
  std::size_t drop = 0;  // so many behind those go, although they are needed: the budget says so
  bool is_full = false;  // the budget leaves no room for another segment
};

struct RetentionInput {
  std::span<const SegmentFile> closed;  // oldest first; the one that is appended to is not among them
  std::uint64_t open_disk_bytes = 0;    // of that one, and of what is prepared behind it
  JournalPosition needed_position = 0;  // from here on it is needed
  std::int64_t now_ns = 0;              // by the wall clock
};

[[nodiscard]] RetentionPlan plan_retention(const JournalConfig& config, const RetentionInput& input) noexcept;

/// What of the checkpoint counts as stored for good: as it stood `failover_s` ago, for a failover to an asynchronous standby
/// may take back what was committed since.
///
/// Threads   One.
class StoredLongAgo {
 public:
  explicit StoredLongAgo(std::uint32_t failover_s) noexcept : margin_ns_(Nanos{failover_s} * nanos_per_second) {}

  void note(JournalPosition stored, Nanos steady_ns) noexcept;
  [[nodiscard]] JournalPosition position() const noexcept { return settled_; }

 private:
  Nanos margin_ns_;
  // Two samples are enough: the newer one becomes the settled one when it is old enough. It lags by at most two margins.
  JournalPosition candidate_ = 0;
  Nanos candidate_since_ns_ = 0;
  bool has_candidate_ = false;
  JournalPosition settled_ = 0;
};

}  // namespace tapeline
