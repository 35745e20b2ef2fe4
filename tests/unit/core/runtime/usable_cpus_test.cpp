#include "core/runtime/usable_cpus.hpp"

#include <gtest/gtest.h>
#include <sched.h>

namespace tapeline {
namespace {

TEST(UsableCpus, CountWhatTheQuotaPaysForAndForbidNone) {
  const UsableCpus cpus({2, 3, 6, 7}, 2.9);
  EXPECT_EQ(cpus.count, 2U);
  EXPECT_TRUE(cpus.has_quota());
  EXPECT_TRUE(cpus.may_pin_to(7));
  EXPECT_FALSE(cpus.may_pin_to(4));
}

TEST(UsableCpus, CountAtLeastOneAndAtMostAll) {
  EXPECT_EQ(UsableCpus({0, 1, 2}, 0.25).count, 1U);
  EXPECT_EQ(UsableCpus({0, 1, 2}, 1e30).count, 3U);
  EXPECT_FALSE(UsableCpus({0, 1, 2}, 3).has_quota());
  EXPECT_FALSE(UsableCpus({0}, 0.25).has_quota());
}

TEST(UsableCpus, SayWhatTheQuotaChanges) {
  EXPECT_EQ(UsableCpus({0, 1, 2, 3}, 2).describe(),
            "cpus    2 of 4 by the quota of the cgroup: threads are pinned to those of runtime.cpus, or to none\n");
  EXPECT_EQ(UsableCpus({0, 1, 2, 3}).describe(), "");
}

/// Restores what it found.
class Affinity {
 public:
  explicit Affinity(int cpu) {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(static_cast<std::size_t>(cpu), &mask);
    EXPECT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
  }
  ~Affinity() { sched_setaffinity(0, sizeof before_, &before_); }
  Affinity(const Affinity&) = delete;
  Affinity& operator=(const Affinity&) = delete;

 private:
  cpu_set_t before_{};
};

TEST(UsableCpus, AreThoseOfTheAffinityMask) {
  for (const int cpu : usable_cpus().affinity) {
    const Affinity only(cpu);
    EXPECT_EQ(usable_cpus().affinity, std::vector<int>{cpu});
    EXPECT_EQ(usable_cpus().count, 1U);
  }
}

}  // namespace
}  // namespace tapeline
