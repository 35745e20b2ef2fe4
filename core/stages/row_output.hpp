// The kernels' way into their rows ring: one event may close a hundred thousand bars, more than any ring holds.
//
// Threads   The kernels stage's alone.
// Ordering  What is published is seen downstream with the next flush(), or before.
// Failure   Rows beyond the ring wait in order in a backlog; while it is not empty the stage takes no further event.
#pragma once

#include <cstddef>
#include <vector>

#include "core/ring/batch_producer.hpp"

namespace tapeline {

template <class T>
class RowOutput {
 public:
  explicit RowOutput(SpscRing<T>& ring) : ring_(ring) {}

  /// A slot to fill in place. Followed by publish() before the next claim().
  [[nodiscard]] T& claim() {
    if (T* const slot = try_claim()) return *slot;
    return backlog_.emplace_back();
  }
  /// The same for what need not wait: nullptr when it would have to.
  [[nodiscard]] T* try_claim() noexcept {
    T* const slot = has_backlog() ? nullptr : ring_.try_claim();
    in_ring_ = slot != nullptr;
    return slot;
  }
  void publish() noexcept {
    if (in_ring_) {
      ring_.advance();
    } else {
      published_ = backlog_.size();
    }
  }

  /// Something waits, or will as soon as it is published.
  [[nodiscard]] bool has_backlog() const noexcept { return !backlog_.empty(); }

  /// Shows what is published downstream, from the backlog what fits; true when nothing published waits any more.
  bool flush() noexcept {
    for (; flushed_ < published_; ++flushed_) {
      T* slot = ring_.try_claim();
      if (slot == nullptr) return false;
      *slot = backlog_[flushed_];
      ring_.advance();
    }
    ring_.publish();
    if (published_ == backlog_.size()) {
      backlog_.clear();
      flushed_ = published_ = 0;
    }
    return true;
  }

 private:
  BatchProducer<T> ring_;
  std::vector<T> backlog_;
  std::size_t published_ = 0;  // of the backlog
  std::size_t flushed_ = 0;
  bool in_ring_ = false;
};

}  // namespace tapeline
