// The producer's end of a ring for who has many elements at a time: they are published together.
//
// The line with the producer's position is read by the other side without end; written once an element, it would change
// hands once an element, and each time cost more than the element itself.
//
// Threads   The producer's alone.
// Failure   A full ring is a return value, as with the ring itself.
// Ordering  What is filled becomes visible in order, by publish(), or when `batch_max` elements have been filled.
#pragma once

#include <cstddef>
#include <span>

#include "core/ring/spsc_ring.hpp"

namespace tapeline {

template <RingRecord T>
class BatchProducer {
 public:
  static constexpr std::size_t batch_max = 32;

  explicit BatchProducer(SpscRing<T>& ring) : ring_(ring) {}

  /// Slot to fill in place, or nullptr when full; asking again before advance() gives the same slot.
  [[nodiscard]] T* try_claim() noexcept {
    if (filled_ == slots_.size()) {
      publish();
      slots_ = ring_.try_claim(batch_max);
      if (slots_.empty()) return nullptr;
    }
    return &slots_[filled_];
  }
  /// The claimed slot is filled.
  void advance() noexcept { ++filled_; }

  void publish() noexcept {
    if (filled_ == 0) return;
    ring_.publish(filled_);
    slots_ = slots_.subspan(filled_);
    filled_ = 0;
  }

 private:
  SpscRing<T>& ring_;
  std::span<T> slots_;  // claimed
  std::size_t filled_ = 0;
};

}  // namespace tapeline
