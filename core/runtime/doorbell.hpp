// Wakes a stage that naps, for what should not wait until the nap is over.
//
// Threads   One waits, one rings.
// Ordering  None: what is rung for is looked for in its ring. A ring in the instant in which the other falls asleep is
//           lost, and the nap ends by itself as it would have without; so to ring costs a load, and a system call only
//           when someone sleeps.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/time.hpp"

namespace tapeline {

class Doorbell {
 public:
  /// Until it rings, `timeout_ns` at most.
  void wait(Nanos timeout_ns) noexcept;

  void ring() noexcept {
    // relaxed: nothing is read on the strength of it.
    if (is_awaited_.load(std::memory_order_relaxed) != 0) wake();
  }

 private:
  void wake() noexcept;

  std::atomic<std::uint32_t> is_awaited_{0};
};

}  // namespace tapeline
