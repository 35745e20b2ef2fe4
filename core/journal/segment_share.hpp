// The segments that a journal's writer has mapped, lent to readers in its process: their pages are made present once, by
// whoever makes segments ahead, and not once more for everyone who reads what was just written.
//
// Threads   Any. A lock is taken when a segment begins, and not again before the next one does.
// Output    The segment that is written, and the one before it; who is further behind opens its file.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "core/journal/segment.hpp"

namespace tapeline {

class SegmentShare {
 public:
  /// Of the segment that is written from now on.
  void lend(std::shared_ptr<const Segment> newest) noexcept {
    const std::lock_guard lock(mutex_);
    lent_[1].swap(lent_[0]);
    lent_[0].swap(newest);
    // What was lent before the last one is given up by `newest`, once the lock is.
  }

  /// nullptr: not lent, or not any more.
  [[nodiscard]] std::shared_ptr<const Segment> find(std::uint64_t index) const noexcept {
    const std::lock_guard lock(mutex_);
    for (const auto& segment : lent_) {
      if (segment && segment->index() == index) return segment;
    }
    return nullptr;
  }

 private:
  mutable std::mutex mutex_;
  std::array<std::shared_ptr<const Segment>, 2> lent_;  // newest first
};

}  // namespace tapeline
