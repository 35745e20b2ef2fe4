#include "core/runtime/doorbell.hpp"

#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tapeline {

// All orders are relaxed, as the header says.

void Doorbell::wait(Nanos timeout_ns) noexcept {
  const timespec timeout{static_cast<time_t>(timeout_ns / nanos_per_second),
                         static_cast<long>(timeout_ns % nanos_per_second)};
  is_awaited_.store(1, std::memory_order_relaxed);
  // The kernel compares and sleeps in one step: rung in between, it returns at once.
  syscall(SYS_futex, &is_awaited_, FUTEX_WAIT_PRIVATE, 1U, &timeout, nullptr, 0U);
  is_awaited_.store(0, std::memory_order_relaxed);
}

void Doorbell::wake() noexcept {
  if (is_awaited_.exchange(0, std::memory_order_relaxed) == 0) return;
  syscall(SYS_futex, &is_awaited_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0U);
}

}  // namespace tapeline
