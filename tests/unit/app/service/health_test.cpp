#include "app/service/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Of a lane that has nothing to do and does it well.
LaneStats quiet() {
  LaneStats stats;
  stats.sinks.push_back({"postgres", "writing", true});
  return stats;
}

TEST(Health, IsReadyWhereNothingIsWrong) {
  HealthMonitor monitor;
  EXPECT_FALSE(monitor.report().is_ready);
  monitor.observe(quiet(), nanos_per_second);
  EXPECT_TRUE(monitor.report().is_ready);
  EXPECT_THAT(monitor.report().reasons, IsEmpty());
}

TEST(Health, IsNotReadyWhileTheJournalCannotBeReadOn) {
  HealthMonitor monitor;
  LaneStats stats = quiet();
  stats.journal_failure = "cannot open journal segment 7: Permission denied";
  monitor.observe(stats, nanos_per_second);
  EXPECT_TRUE(monitor.report().is_alive);
  EXPECT_FALSE(monitor.report().is_ready);
  EXPECT_THAT(monitor.report().reasons,
              ElementsAre("the journal cannot be read on: cannot open journal segment 7: Permission denied"));
  monitor.observe(quiet(), 2 * nanos_per_second);
  EXPECT_TRUE(monitor.report().is_ready);
}

}  // namespace
}  // namespace tapeline::app
