#include "core/runtime/topology.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/core/runtime/numbers_stages.hpp"

namespace tapeline {
namespace {

TEST(Topology, NamesLinksAfterTheirEndsAndDescribesItself) {
  Topology topology;
  auto& first = topology.link<std::uint64_t>({8, WhenFull::coalesce});
  auto& second = topology.link<std::uint64_t>({16, WhenFull::backpressure});
  test::NumberSource source(first, 1);
  test::NumberRelay relay(first, second);
  test::NumberSink sink(second);
  topology.stage(source, {}, {&first}, 0);
  topology.stage(relay, {&first}, {&second}, 0);
  topology.stage(sink, {&second}, {}, 1);
  ASSERT_TRUE(topology.problems().empty());
  topology.name_links();
  RuntimeConfig config;
  config.cpus = {4, 5, 6, 7};
  EXPECT_EQ(topology.describe(topology.plan(UsableCpus({4, 5, 6, 7}), config)),
            "thread  source+relay  cpu 7  idle spin\n"
            "thread  sink  cpu 6  idle spin\n"
            "link    source_relay  capacity 8  when full coalesce\n"
            "link    relay_sink  capacity 16  when full backpressure\n");
}

TEST(Topology, SchedulesOnlyPromptThreadsInRealTime) {
  Topology topology;
  auto& link = topology.link<std::uint64_t>({8, WhenFull::backpressure});
  test::NumberSource source(link, 1);
  test::NumberSink sink(link);
  topology.stage(source, {}, {&link}, 0);
  topology.stage(sink, {&link}, {}, 1, Pace::relaxed);
  topology.name_links();
  RuntimeConfig config;
  config.realtime_priority = 20;
  config.idle = Idle::backoff;
  EXPECT_EQ(topology.describe(topology.plan(UsableCpus({0, 1}), config)),
            "thread  source  cpu 1  idle backoff  SCHED_FIFO 20\n"
            "thread  sink  cpu 0  idle backoff\n"
            "link    source_sink  capacity 8  when full backpressure\n");
}

TEST(Topology, NeverSpinsWithMoreThreadsThanCpus) {
  Topology topology;
  auto& link = topology.link<std::uint64_t>({8, WhenFull::backpressure});
  test::NumberSource source(link, 1);
  test::NumberSink sink(link);
  topology.stage(source, {}, {&link}, 0);
  topology.stage(sink, {&link}, {}, 1);
  for (const ThreadPlan& thread : topology.plan(UsableCpus({0}), RuntimeConfig{})) {
    EXPECT_EQ(thread.idle, Idle::backoff);
    EXPECT_FALSE(thread.cpu.has_value());
  }
}

/// Poller, parser and kernels on one thread or on three; writer and cache on one each, and relaxed.
struct Lane {
  explicit Lane(bool is_split) {
    auto& first = topology.link<std::uint64_t>({8, WhenFull::coalesce});
    auto& second = topology.link<std::uint64_t>({8, WhenFull::backpressure});
    stages.push_back(std::make_unique<test::NumberSource>(first, 1));
    stages.push_back(std::make_unique<test::NumberRelay>(first, second));
    stages.push_back(std::make_unique<test::NumberSink>(second));
    topology.stage(*stages[0], {}, {&first}, 0);
    topology.stage(*stages[1], {&first}, {&second}, is_split ? 1 : 0);
    topology.stage(*stages[2], {&second}, {}, 2, Pace::relaxed);
    topology.stage(*stages[2], {&second}, {}, 3, Pace::relaxed);
  }
  [[nodiscard]] std::string plan(const std::vector<int>& cpus, Idle idle = Idle::automatic) const {
    RuntimeConfig config;
    config.idle = idle;
    std::string text;
    for (const ThreadPlan& thread : topology.plan(UsableCpus(cpus), config)) {
      text += thread.name + (thread.cpu ? " " + std::to_string(*thread.cpu) : "") + " " + to_string(thread.idle) + "; ";
    }
    return text;
  }
  Topology topology;
  std::vector<std::unique_ptr<Stage>> stages;
};

TEST(Topology, GivesThePathCpusOfItsOwnAndTheSinksShareTheRest) {
  EXPECT_EQ(Lane(false).plan({0, 1}), "source+relay 1 backoff; sink 0 backoff; sink 0 backoff; ");
  EXPECT_EQ(Lane(true).plan({0, 1, 2}), "source 2 backoff; relay 1 backoff; sink 0 backoff; sink 0 backoff; ");
  EXPECT_EQ(Lane(true).plan({0, 1, 2, 3}), "source 3 spin; relay 2 spin; sink 1 backoff; sink 0 backoff; ");
}

TEST(Topology, SpinsNowhereWhenNoCpuIsLeftForTheSinks) {
  EXPECT_EQ(Lane(false).plan({5}), "source+relay backoff; sink backoff; sink backoff; ");
  EXPECT_EQ(Lane(true).plan({0, 1}), "source 1 backoff; relay 0 backoff; sink 1 backoff; sink 0 backoff; ");
}

TEST(Topology, DoesWhatTheConfigurationSaysButNeverLetsASinkSpin) {
  EXPECT_EQ(Lane(false).plan({0, 1}, Idle::yield), "source+relay 1 yield; sink 0 backoff; sink 0 backoff; ");
  EXPECT_EQ(Lane(true).plan({0, 1}, Idle::spin), "source 1 spin; relay 0 spin; sink 1 backoff; sink 0 backoff; ");
  EXPECT_EQ(Lane(false).plan({0, 1}, Idle::power_save),
            "source+relay 1 power_save; sink 0 power_save; sink 0 power_save; ");
}

TEST(Topology, ReportsAllProblemsAtOnce) {
  Topology topology;
  auto& orphan = topology.link<std::uint64_t>({8, WhenFull::backpressure});
  auto& twice = topology.link<std::uint64_t>({8, WhenFull::backpressure});
  test::NumberSource one(twice, 1);
  test::NumberSource two(twice, 1);
  test::NumberSink sink(twice);
  topology.stage(sink, {&twice}, {}, 0);
  topology.stage(one, {}, {&twice}, 0);
  topology.stage(two, {}, {&twice}, 0);
  const auto problems = topology.problems();
  ASSERT_EQ(problems.size(), 5U);
  EXPECT_EQ(problems[0], "link 1 has 0 producers; a ring takes exactly one");
  EXPECT_EQ(problems[1], "link 1 has 0 consumers; a ring takes exactly one");
  EXPECT_EQ(problems[2], "link 2 has 2 producers; a ring takes exactly one");
  EXPECT_NE(problems[3].find("stage sink reads from source"), std::string::npos);
  EXPECT_EQ(orphan.capacity(), 8U);
}

}  // namespace
}  // namespace tapeline
