#include "core/runtime/runner.hpp"

#include <algorithm>

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include "core/runtime/idle.hpp"
#include "core/runtime/scheduling.hpp"

namespace tapeline {
namespace {

/// What the kernel refused; empty: nothing.
std::string settle_on(const ThreadPlan& plan) {
  // The kernel keeps 15 characters: enough to tell threads apart in top and perf.
  pthread_setname_np(pthread_self(), plan.name.substr(0, 15).c_str());
  // Timer slack of 1 us instead of 50: parked threads wake when they asked to.
  prctl(PR_SET_TIMERSLACK, 1'000UL, 0UL, 0UL, 0UL);
  if (plan.cpu) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(static_cast<std::size_t>(*plan.cpu), &mask);
    // Refused inside some sandboxes: then the scheduler chooses, and only latency suffers.
    pthread_setaffinity_np(pthread_self(), sizeof mask, &mask);
  }
  return plan.realtime_priority > 0 ? take_realtime_priority(plan.realtime_priority) : std::string();
}

}  // namespace

Runner::Runner(const Topology& topology, std::vector<ThreadPlan> threads)
    : topology_(topology),
      plans_(std::move(threads)),
      state_(std::make_unique<StageState[]>(topology.stages().size())) {
  const auto& stages = topology.stages();
  upstream_.resize(stages.size());
  for (std::size_t i = 0; i < stages.size(); ++i) {
    for (std::size_t j = 0; j < stages.size(); ++j) {
      const bool feeds_us = std::any_of(stages[j].writes.begin(), stages[j].writes.end(), [&](const void* ring) {
        return std::find(stages[i].reads.begin(), stages[i].reads.end(), ring) != stages[i].reads.end();
      });
      if (feeds_us) upstream_[i].push_back(j);
    }
  }
}

Runner::~Runner() {
  request_stop(0);
  join();
}

std::vector<std::string> Runner::start() {
  running_.store(plans_.size(), std::memory_order_relaxed);  // relaxed: the threads begin after this
  std::vector<std::string> refusals(plans_.size());
  std::latch settled(static_cast<std::ptrdiff_t>(plans_.size()));
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    threads_.emplace_back([this, &plan = plans_[i], &refusal = refusals[i], &settled] {
      refusal = settle_on(plan);
      settled.count_down();  // neither of the two is touched after this
      run(plan);
      running_.fetch_sub(1, std::memory_order_release);
    });
  }
  settled.wait();
  std::erase(refusals, std::string());
  return refusals;
}

void Runner::request_stop(Nanos drain_timeout_ns) noexcept {
  const Nanos deadline_ns = steady_now_ns() + drain_timeout_ns;
  // relaxed: only this thread writes both. Asked again, it may end earlier, never later.
  if (stopping_.load(std::memory_order_relaxed) && deadline_ns >= deadline_ns_.load(std::memory_order_relaxed)) return;
  // (S) release: the deadline is written before anyone sees the flag.
  deadline_ns_.store(deadline_ns, std::memory_order_relaxed);
  stopping_.store(true, std::memory_order_release);
}

bool Runner::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  bool all = true;
  for (std::size_t i = 0; i < topology_.stages().size(); ++i) {
    all = all && state_[i].drained.load(std::memory_order_acquire);
  }
  return all;
}

bool Runner::try_drain(const ThreadPlan& plan) noexcept {
  bool all = true;
  for (const std::size_t index : plan.stages) {
    StageState& state = state_[index];
    if (state.drained.load(std::memory_order_relaxed)) continue;  // relaxed: our own flag
    // (D) acquire: what the upstream stage published last is seen before we are asked whether anything is left.
    const bool upstream_drained = std::all_of(upstream_[index].begin(), upstream_[index].end(), [&](std::size_t up) {
      return state_[up].drained.load(std::memory_order_acquire);
    });
    if (upstream_drained && topology_.stages()[index].stage->drained()) {
      // (D) release: our last records are in the ring before downstream sees the flag.
      state.drained.store(true, std::memory_order_release);
    } else {
      all = false;
    }
  }
  return all;
}

void Runner::run(const ThreadPlan& plan) noexcept {
  IdleStrategy idle(plan.idle);
  std::uint32_t busy_polls = 0;
  for (;;) {
    std::size_t done = 0;
    for (const std::size_t index : plan.stages) {
      const std::size_t items = topology_.stages()[index].stage->poll();
      state_[index].polls.add();
      if (items > 0) {
        state_[index].busy.add();
        state_[index].items.add(items);
      }
      done += items;
    }
    // (S) acquire: the deadline belongs to the flag. While there is work, draining is asked for now and then only.
    const bool may_drain = done == 0 || ++busy_polls % 1'024 == 0;
    if (may_drain && stopping_.load(std::memory_order_acquire)) {
      if (try_drain(plan) || steady_now_ns() > deadline_ns_.load(std::memory_order_relaxed)) return;
    }
    if (done > 0) {
      idle.reset();
      continue;
    }
    const Nanos nap_ns = idle.next();
    if (nap_ns == 0) continue;
    const bool waited = std::any_of(plan.stages.begin(), plan.stages.end(),
                                    [&](std::size_t index) { return topology_.stages()[index].stage->wait(nap_ns); });
    if (!waited) sleep_for(nap_ns);
  }
}

}  // namespace tapeline
