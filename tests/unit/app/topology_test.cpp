#include "app/topology.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

struct Named final : Stage {
  explicit Named(std::string_view name) : name_(name) {}
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  std::size_t poll() noexcept override { return 0; }
  bool drained() noexcept override { return true; }

 private:
  std::string_view name_;
};

struct Case {
  std::vector<int> affinity;
  std::optional<double> quota;
  std::vector<int> chosen;  // runtime.cpus
  std::string plan;         // thread, CPU if it is pinned, "spin" if it spins
  std::vector<int> beside;  // what the path leaves alone
  Threads threads = Threads::automatic;
};

RuntimeConfig config_of(const Case& given) {
  RuntimeConfig config;
  config.cpus = given.chosen;
  config.threads = given.threads;
  return config;
}

std::vector<ThreadPlan> plan_of(const Case& given) {
  const RuntimeConfig config = config_of(given);
  const UsableCpus cpus(given.affinity, given.quota);
  Named poller("poller");
  Named parser("parser");
  Named kernels("kernels");
  Named writer("writer");
  Named cache("cache");
  Topology topology;
  const Links links = declare_links(topology, config);
  declare_stages(topology, links, {poller, parser, kernels, writer, cache}, config, cpus);
  return topology.plan(cpus, config);
}

std::string text_of(const std::vector<ThreadPlan>& threads) {
  std::string text;
  for (const ThreadPlan& thread : threads) {
    text += (text.empty() ? "" : ", ") + thread.name;
    if (thread.cpu) text += " " + std::to_string(*thread.cpu);
    if (thread.idle == Idle::spin) text += " spin";
  }
  return text;
}

TEST(PipelineTopology, FollowsAffinityQuotaAndConfiguration) {
  const std::vector<int> eight{0, 1, 2, 3, 4, 5, 6, 7};
  const std::string fused = "poller+parser+kernels, writer, cache";
  const std::string split = "poller, parser, kernels, writer, cache";
  const std::optional<double> no_quota;
  const std::vector<Case> cases{
      // affinity, quota, runtime.cpus, plan, beside the path
      {{0}, no_quota, {}, fused, {}},
      {{0, 1}, no_quota, {}, "poller+parser+kernels 1, writer 0, cache 0", {0}},
      {{2, 3, 6, 7}, no_quota, {}, "poller 7 spin, parser 6 spin, kernels 3 spin, writer 2, cache 2", {2}},
      {eight, no_quota, {}, "poller 7 spin, parser 6 spin, kernels 5 spin, writer 4, cache 3", {0, 1, 2, 3, 4}},
      // A quota decides how many threads, and pins none.
      {eight, 0.5, {}, fused, {}},
      {eight, 2.0, {}, fused, {}},
      {eight, 3.9, {}, fused, {}},
      {eight, 4.0, {}, split, {}},
      {eight, 8.0, {}, "poller 7 spin, parser 6 spin, kernels 5 spin, writer 4, cache 3", {0, 1, 2, 3, 4}},
      {{0, 1}, 1.0, {}, fused, {}},
      {{0}, 0.5, {}, fused, {}},
      // The configuration pins, under a quota too.
      {eight, no_quota, {0, 1}, "poller+parser+kernels 1, writer 0, cache 0", {0}},
      {eight, no_quota, {6}, "poller+parser+kernels 6, writer 6, cache 6", {}},
      {eight, no_quota, {4, 5, 6, 7}, "poller 7 spin, parser 6 spin, kernels 5 spin, writer 4, cache 4", {4}},
      {eight, 2.0, {6, 7}, "poller+parser+kernels 7, writer 6, cache 6", {6}},
      {eight, 2.0, {4, 5, 6, 7}, "poller+parser+kernels 7, writer 6, cache 5", {4, 5, 6}},
      {eight, 4.0, {4, 5, 6, 7}, "poller 7 spin, parser 6 spin, kernels 5 spin, writer 4, cache 4", {4}},
      // What is asked for is done, but nothing spins where the quota does not pay for it.
      {eight, 2.0, {4, 5, 6, 7}, "poller 7, parser 6, kernels 5, writer 4, cache 4", {4}, Threads::split},
      {eight, 2.0, {}, split, {}, Threads::split},
      {eight, 4.0, {}, fused, {}, Threads::fused},
  };
  for (const Case& given : cases) {
    const std::vector<ThreadPlan> threads = plan_of(given);
    const std::string what = std::to_string(given.affinity.size()) + " CPUs, quota " +
                             (given.quota ? std::to_string(*given.quota) : "none") + ", " +
                             std::to_string(given.chosen.size()) + " chosen";
    EXPECT_EQ(text_of(threads), given.plan) << what;
    EXPECT_EQ(cpus_beside_path(threads, UsableCpus(given.affinity, given.quota), config_of(given)), given.beside)
        << what;
  }
}

}  // namespace
}  // namespace tapeline::app
