// Rare events of many producers (reconnects, refusals, lag, faults) on their way to the one operations thread.
//
// Threads   Any thread tells; one thread drains. Never on the path from frame to row in steady state.
// Failure   The queue is bounded: beyond `backlog_max` events are dropped and counted, nobody waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <concurrentqueue.h>

#include "core/base/time.hpp"
#include "core/model/row.hpp"

namespace tapeline {

struct OperationsEvent {
  Nanos time_ns = 0;
  Severity severity = Severity::info;
  std::string_view stage;  // static storage
  std::string text;        // redacted by whoever tells
};

class Operations {
 public:
  static constexpr std::size_t backlog_max = 10'000;

  void tell(Severity severity, std::string_view stage, std::string text) {
    if (queue_.size_approx() >= backlog_max) {
      // relaxed: a count for people, nothing hangs on it.
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.enqueue({wall_now_ns(), severity, stage, std::move(text)});
  }

  [[nodiscard]] bool take(OperationsEvent& event) { return queue_.try_dequeue(event); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  moodycamel::ConcurrentQueue<OperationsEvent> queue_;
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace tapeline
