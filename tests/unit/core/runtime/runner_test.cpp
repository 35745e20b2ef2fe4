#include "core/runtime/runner.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>

#include "tests/unit/core/runtime/numbers_stages.hpp"

namespace tapeline {
namespace {

using test::NumberRelay;
using test::NumberSink;
using test::NumberSource;

struct Pipeline {
  explicit Pipeline(bool share_a_thread, Idle idle, std::uint64_t count, std::uint64_t stuck_at = ~std::uint64_t{0})
      : first(topology.link<std::uint64_t>({8, WhenFull::backpressure})),
        second(topology.link<std::uint64_t>({8, WhenFull::backpressure})),
        source(first, count),
        relay(first, second),
        sink(second, stuck_at) {
    topology.stage(source, {}, {&first}, 0);
    topology.stage(relay, {&first}, {&second}, share_a_thread ? 0 : 1);
    topology.stage(sink, {&second}, {}, share_a_thread ? 0 : 2);
    config.idle = idle;
  }
  Topology topology;
  SpscRing<std::uint64_t>& first;
  SpscRing<std::uint64_t>& second;
  NumberSource source;
  NumberRelay relay;
  NumberSink sink;
  RuntimeConfig config;
};

TEST(Runner, DrainsFromSourceToSinkWhateverTheThreadsAndIdleStrategies) {
  for (const bool share : {true, false}) {
    for (const Idle idle : {Idle::yield, Idle::backoff, Idle::park, Idle::power_save}) {
      Pipeline pipeline(share, idle, 20'000);
      Runner runner(pipeline.topology, pipeline.topology.plan(usable_cpus(), pipeline.config));
      EXPECT_TRUE(runner.start().empty());
      runner.request_stop(60 * nanos_per_second);
      EXPECT_TRUE(runner.join());
      EXPECT_EQ(pipeline.sink.received, 20'000U);
      EXPECT_TRUE(pipeline.sink.in_order);
      EXPECT_TRUE(runner.finished());
    }
  }
}

TEST(Runner, GivesUpAtTheDeadlineWhenAStageCannotDrain) {
  Pipeline pipeline(false, Idle::park, 100, 10);
  Runner runner(pipeline.topology, pipeline.topology.plan(usable_cpus(), pipeline.config));
  EXPECT_TRUE(runner.start().empty());
  runner.request_stop(50 * nanos_per_millisecond);
  EXPECT_FALSE(runner.join());
  EXPECT_EQ(pipeline.sink.received, 10U);
}

TEST(Runner, EndsAtTheEarlierDeadlineWhenAskedAgain) {
  Pipeline pipeline(false, Idle::park, 100, 10);
  Runner runner(pipeline.topology, pipeline.topology.plan(usable_cpus(), pipeline.config));
  EXPECT_TRUE(runner.start().empty());
  // Hours, which the test would not wait for; asked with more time in between, it keeps the less.
  runner.request_stop(10'000 * nanos_per_second);
  runner.request_stop(0);
  runner.request_stop(10'000 * nanos_per_second);
  EXPECT_FALSE(runner.join());
}

/// Notes how its thread is scheduled, and how one that it starts is.
struct SchedulingProbe final : Stage {
  [[nodiscard]] std::string_view name() const noexcept override { return "probe"; }
  std::size_t poll() noexcept override {
    if (policy >= 0) return 0;
    policy = sched_getscheduler(0);
    std::thread([this] { policy_of_child = sched_getscheduler(0); }).join();
    return 1;
  }
  bool drained() noexcept override { return policy >= 0; }
  int policy = -1;
  int policy_of_child = -1;
};

TEST(Runner, TakesTheRealtimePriorityOrSaysThatItMayNot) {
  Topology topology;
  SchedulingProbe probe;
  topology.stage(probe, {}, {}, 0);
  RuntimeConfig config;
  config.realtime_priority = 1;
  Runner runner(topology, topology.plan(usable_cpus(), config));
  const std::vector<std::string> refusals = runner.start();
  runner.request_stop(60 * nanos_per_second);
  EXPECT_TRUE(runner.join());
  if (refusals.empty()) {
    EXPECT_EQ(probe.policy, SCHED_FIFO | SCHED_RESET_ON_FORK);
  } else {
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_NE(refusals[0].find("CAP_SYS_NICE"), std::string::npos) << refusals[0];
    EXPECT_EQ(probe.policy, SCHED_OTHER);
  }
  EXPECT_EQ(probe.policy_of_child, SCHED_OTHER);
}

/// Notes on which CPUs its thread may run.
struct AffinityProbe final : Stage {
  [[nodiscard]] std::string_view name() const noexcept override { return "probe"; }
  std::size_t poll() noexcept override {
    if (!cpus.empty()) return 0;
    cpus = usable_cpus().affinity;
    return 1;
  }
  bool drained() noexcept override { return !cpus.empty(); }
  std::vector<int> cpus;
};

/// CPUs of a prompt and of a relaxed thread, as the kernel has them.
std::pair<std::vector<int>, std::vector<int>> cpus_of_threads(const UsableCpus& cpus, const RuntimeConfig& config) {
  Topology topology;
  AffinityProbe prompt;
  AffinityProbe relaxed;
  topology.stage(prompt, {}, {}, 0, Pace::prompt);
  topology.stage(relaxed, {}, {}, 1, Pace::relaxed);
  Runner runner(topology, topology.plan(cpus, config));
  EXPECT_TRUE(runner.start().empty());
  runner.request_stop(60 * nanos_per_second);
  EXPECT_TRUE(runner.join());
  return {prompt.cpus, relaxed.cpus};
}

TEST(Runner, PinsThreadsWhereThePlanSaysAndNowhereUnderAQuota) {
  using Cpus = std::vector<int>;
  const Cpus all = usable_cpus().affinity;
  RuntimeConfig automatic;
  automatic.idle = Idle::backoff;
  RuntimeConfig chosen = automatic;
  chosen.cpus = {all.back()};
  // As if there were one CPU more, so that a quota of all that there are is less than that.
  Cpus more = all;
  more.push_back(CPU_SETSIZE - 1);
  const auto quota = static_cast<double>(all.size());

  const int before = all[std::max<std::size_t>(all.size(), 2) - 2];
  EXPECT_EQ(cpus_of_threads(UsableCpus(all), automatic), std::pair(Cpus{all.back()}, Cpus{before}));
  EXPECT_EQ(cpus_of_threads(UsableCpus(more, quota), automatic), std::pair(all, all));
  EXPECT_EQ(cpus_of_threads(UsableCpus(all), chosen), std::pair(Cpus{all.back()}, Cpus{all.back()}));
  EXPECT_EQ(cpus_of_threads(UsableCpus(more, quota), chosen), std::pair(Cpus{all.back()}, Cpus{all.back()}));
}

}  // namespace
}  // namespace tapeline
