// Threads that poll the stages of a topology until told to stop, and then drain them from source to sink.
//
// Threads   start(), request_stop() and join() on one controlling thread; the rest runs on the planned ones.
// Ordering  A stage is asked to drain only after everything upstream of it has: (D) release/acquire per stage.
// Failure   A stage that cannot drain by the deadline is left as it is: what it held is in the journal.
#pragma once

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/runtime/metrics.hpp"
#include "core/runtime/topology.hpp"

namespace tapeline {

class Runner {
 public:
  Runner(const Topology& topology, std::vector<ThreadPlan> threads);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Returns once every thread is on its CPU and at its priority. What the kernel refused of it, a sentence each.
  [[nodiscard]] std::vector<std::string> start();
  /// Begins to drain; returns at once. Asked again with less time, it has less; never more.
  void request_stop(Nanos drain_timeout_ns) noexcept;
  /// Every thread has ended: join() will not wait.
  [[nodiscard]] bool finished() const noexcept { return running_.load(std::memory_order_acquire) == 0; }
  /// Waits for all threads; true when every stage has drained in time.
  bool join();

  /// Polls of a stage that found work, and all polls: the busy fraction.
  [[nodiscard]] const Counter& busy_polls(std::size_t stage) const noexcept { return state_[stage].busy; }
  [[nodiscard]] const Counter& polls(std::size_t stage) const noexcept { return state_[stage].polls; }
  [[nodiscard]] const Counter& items(std::size_t stage) const noexcept { return state_[stage].items; }

 private:
  struct alignas(128) StageState {
    std::atomic<bool> drained{false};
    Counter busy;
    Counter polls;
    Counter items;
  };
  void run(const ThreadPlan& plan) noexcept;
  [[nodiscard]] bool try_drain(const ThreadPlan& plan) noexcept;

  const Topology& topology_;
  std::vector<ThreadPlan> plans_;
  std::unique_ptr<StageState[]> state_;
  std::vector<std::vector<std::size_t>> upstream_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> running_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<Nanos> deadline_ns_{0};
};

}  // namespace tapeline
