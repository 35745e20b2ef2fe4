// Bounded single-producer single-consumer ring: the only way two stages talk.
//
// Threads   One thread claims and publishes, one thread peeks and releases. Either may ask depth_approx(), as may others.
// Units     Capacity, depth and counts are elements, never bytes.
// Failure   The constructor throws. After that nothing throws, blocks or allocates: "full" and "empty" are return values,
//           and what to do about them is the caller's policy.
// Ordering  Two release/acquire pairs, (P) and (C), carry all the synchronisation.
// Checked   tests/stress/ring: weakening any of the four orders is caught by the thread sanitizer.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "core/base/cache_line.hpp"
#include "core/base/huge_pages.hpp"

namespace tapeline {

/// Trivially copyable: a copy cannot fail, and a slot needs no destructor.
template <class T>
concept RingRecord = std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>;

/// The four memory orders of the ring; a parameter, so that a test can weaken each and see itself fail.
struct RingOrder {
  static constexpr std::memory_order publish = std::memory_order_release;        // (P) store
  static constexpr std::memory_order see_published = std::memory_order_acquire;  // (P) load
  static constexpr std::memory_order release = std::memory_order_release;        // (C) store
  static constexpr std::memory_order see_released = std::memory_order_acquire;   // (C) load
};

template <RingRecord T, class Order = RingOrder>
class SpscRing {
 public:
  /// Throws std::invalid_argument unless `capacity` is a power of two. `start` is where both positions begin: a test
  /// starts just below 2^64 to see them wrap.
  explicit SpscRing(std::size_t capacity, std::uint64_t start = 0)
      : slots_(std::has_single_bit(capacity) ? capacity : throw_capacity(capacity)), mask_(capacity - 1) {
    // relaxed: the ring is handed to other threads after this, by means that order it.
    producer_.position.store(start, std::memory_order_relaxed);
    consumer_.position.store(start, std::memory_order_relaxed);
    producer_.write = producer_.read_seen = start;
    consumer_.read = consumer_.written_seen = start;
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

  // -- producer

  /// Slot to fill in place, or nullptr when full. Stays invisible to the consumer until publish(); asking again before
  /// that gives the same slot.
  [[nodiscard]] T* try_claim() noexcept {
    const std::uint64_t write = producer_.write;
    if (write - producer_.read_seen > mask_) {
      // (C) acquire: the consumer's reads of the slot happen before we overwrite it.
      producer_.read_seen = consumer_.position.load(Order::see_released);
      if (write - producer_.read_seen > mask_) return nullptr;
    }
    return &slots_[write & mask_];
  }

  /// Up to `count_max` free slots that lie together; empty when full. Shorter before a wrap: claim again.
  [[nodiscard]] std::span<T> try_claim(std::size_t count_max) noexcept {
    const std::uint64_t write = producer_.write;
    if (capacity() - (write - producer_.read_seen) < count_max) {
      // (C) acquire: as above, for all slots that come free.
      producer_.read_seen = consumer_.position.load(Order::see_released);
    }
    const std::size_t free = capacity() - static_cast<std::size_t>(write - producer_.read_seen);
    const std::size_t before_wrap = capacity() - static_cast<std::size_t>(write & mask_);
    return {&slots_[write & mask_], std::min({free, before_wrap, count_max})};
  }

  /// Precondition: that many slots are claimed and filled.
  void publish(std::size_t count = 1) noexcept {
    producer_.write += count;
    // (P) release: the slots are filled before the consumer sees the position.
    producer_.position.store(producer_.write, Order::publish);
  }

  // -- consumer

  /// Oldest unread elements that lie together; empty when none. Valid until release(). Shorter before a wrap: peek again.
  [[nodiscard]] std::span<const T> peek() noexcept {
    const std::uint64_t read = consumer_.read;
    if (consumer_.written_seen == read) {
      // (P) acquire: what the producer filled is visible once its position is.
      consumer_.written_seen = producer_.position.load(Order::see_published);
    }
    const std::size_t unread = static_cast<std::size_t>(consumer_.written_seen - read);
    const std::size_t before_wrap = capacity() - static_cast<std::size_t>(read & mask_);
    return {&slots_[read & mask_], std::min(unread, before_wrap)};
  }

  /// Gives the oldest `count` elements back. Precondition: peek() has shown them.
  void release(std::size_t count) noexcept {
    consumer_.read += count;
    // (C) release: our reads of the slots are done before the producer sees them free.
    consumer_.position.store(consumer_.read, Order::release);
  }

  // -- anyone

  /// Stale when returned; for metrics, never for control flow.
  [[nodiscard]] std::size_t depth_approx() const noexcept {
    // relaxed: nothing is read on the strength of it. The consumer first, or the difference could be negative.
    const std::uint64_t read = consumer_.position.load(std::memory_order_relaxed);
    const std::uint64_t written = producer_.position.load(std::memory_order_relaxed);
    return static_cast<std::size_t>(std::min<std::uint64_t>(written - read, capacity()));
  }

 private:
  // Each side has a line that the other looks at, and one that nobody takes from it: where it is, and its last sight of the
  // other. On one line they would be with the other side, which polls it, whenever they are needed.
  struct alignas(no_sharing_bytes) ProducerSide {
    std::atomic<std::uint64_t> position{0};
    alignas(no_sharing_bytes) std::uint64_t write = 0;
    std::uint64_t read_seen = 0;
  };
  struct alignas(no_sharing_bytes) ConsumerSide {
    std::atomic<std::uint64_t> position{0};
    alignas(no_sharing_bytes) std::uint64_t read = 0;
    std::uint64_t written_seen = 0;
  };

  [[noreturn]] static std::size_t throw_capacity(std::size_t capacity) {
    throw std::invalid_argument("ring capacity " + std::to_string(capacity) + " is not a power of two; " +
                                std::to_string(std::bit_ceil(std::max<std::size_t>(capacity, 1))) + " is");
  }

  ProducerSide producer_;
  ConsumerSide consumer_;
  alignas(no_sharing_bytes) LongVector<T> slots_;
  std::size_t mask_;
};

}  // namespace tapeline
