// The kernels' way into their rows ring: one event may close a hundred thousand bars, more than any ring holds.
//
// Threads   The kernels stage's alone.
// Failure   Rows beyond the ring wait in order in a backlog; while it is not empty the stage takes no further event.
#pragma once

#include <cstddef>
#include <vector>

#include "core/ring/spsc_ring.hpp"

namespace tapeline {

template <class T>
class RowOutput {
 public:
  explicit RowOutput(SpscRing<T>& ring) : ring_(ring) {}

  /// A slot to fill in place. Followed by publish() before the next claim().
  [[nodiscard]] T& claim() {
    if (backlog_.empty()) {
      if (T* slot = ring_.try_claim()) {
        in_ring_ = true;
        return *slot;
      }
    }
    in_ring_ = false;
    return backlog_.emplace_back();
  }
  void publish() noexcept {
    if (in_ring_) {
      ring_.publish();
    } else {
      published_ = backlog_.size();
    }
  }

  /// Moves what is published and fits from the backlog into the ring; true when nothing published waits any more.
  bool flush() noexcept {
    for (; flushed_ < published_; ++flushed_) {
      T* slot = ring_.try_claim();
      if (slot == nullptr) return false;
      *slot = backlog_[flushed_];
      ring_.publish();
    }
    if (published_ == backlog_.size()) {
      backlog_.clear();
      flushed_ = published_ = 0;
    }
    return true;
  }

 private:
  SpscRing<T>& ring_;
  std::vector<T> backlog_;
  std::size_t published_ = 0;  // of the backlog
  std::size_t flushed_ = 0;
  bool in_ring_ = false;
};

}  // namespace tapeline
