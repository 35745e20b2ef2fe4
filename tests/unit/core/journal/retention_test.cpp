#include "core/journal/retention.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr std::size_t segment = segment_bytes_min;
constexpr Nanos hour_ns = 3'600 * nanos_per_second;

/// Closed segments 10, 11, ..., each closed an hour after the one before, all of one size.
std::vector<SegmentFile> closed(std::size_t count) {
  std::vector<SegmentFile> files;
  for (std::size_t i = 0; i < count; ++i)
    files.push_back({.index = 10 + i, .disk_bytes = segment, .written_ns = static_cast<Nanos>(i) * hour_ns});
  return files;
}

RetentionPlan plan(const JournalConfig& config, std::size_t count, std::uint64_t needed_index) {
  const auto files = closed(count);
  return plan_retention(config, {.closed = files,
                                 .open_disk_bytes = segment,
                                 .needed_position = needed_index * segment,
                                 .now_ns = static_cast<Nanos>(count) * hour_ns});
}

JournalConfig limits() {
  JournalConfig config;
  config.segment_bytes = segment;
  return config;
}

TEST(Retention, KeepsAllWithoutLimits) {
  const RetentionPlan made = plan(limits(), 100, 1'000);
  EXPECT_EQ(made.trim + made.drop, 0U);
  EXPECT_FALSE(made.is_full);
}

TEST(Retention, DeletesByAgeWhatIsNotNeeded) {
  JournalConfig config = limits();
  config.retain_hours = 5;
  EXPECT_EQ(plan(config, 20, 1'000).trim, 15U);
  EXPECT_EQ(plan(config, 20, 13).trim, 3U);
  EXPECT_EQ(plan(config, 20, 0).trim, 0U);
}

TEST(Retention, DeletesBySizeWhatIsNotNeeded) {
  JournalConfig config = limits();
  config.retain_bytes = 8 * segment;
  EXPECT_EQ(plan(config, 20, 1'000).trim, 13U);  // seven closed ones and the open one stay
  EXPECT_EQ(plan(config, 20, 11).trim, 1U);
  EXPECT_EQ(plan(config, 7, 1'000).trim, 0U);
}

TEST(Retention, LeavesRoomForTheNextSegmentInTheBudget) {
  JournalConfig config = limits();
  config.budget_bytes = 10 * segment;
  const RetentionPlan stored = plan(config, 20, 1'000);
  EXPECT_EQ(stored.trim, 12U);
  EXPECT_FALSE(stored.is_full);
  const RetentionPlan needed = plan(config, 20, 0);
  EXPECT_EQ(needed.trim + needed.drop, 0U);
  EXPECT_TRUE(needed.is_full);
  config.over_budget = OverBudget::drop_oldest;
  const RetentionPlan dropped = plan(config, 20, 14);
  EXPECT_EQ(dropped.trim, 4U);
  EXPECT_EQ(dropped.drop, 8U);
  EXPECT_FALSE(dropped.is_full);
}

TEST(StoredLongAgo, LagsByTheTimeInWhichAFailoverMayTakeItBack) {
  StoredLongAgo stored(60);
  const auto note = [&](JournalPosition position, int second) {
    stored.note(position, Nanos{second} * nanos_per_second);
    return stored.position();
  };
  EXPECT_EQ(note(100, 0), 0U);
  EXPECT_EQ(note(200, 30), 0U);
  EXPECT_EQ(note(300, 60), 100U);
  EXPECT_EQ(note(400, 90), 100U);
  EXPECT_EQ(note(500, 120), 300U);
  EXPECT_EQ(note(250, 121), 250U);  // a failover took rows back
  EXPECT_EQ(note(260, 240), 250U);
}

TEST(StoredLongAgo, DoesNotLagWithoutAMargin) {
  StoredLongAgo stored(0);
  stored.note(100, 0);
  EXPECT_EQ(stored.position(), 100U);
  stored.note(200, 1);
  EXPECT_EQ(stored.position(), 200U);
}

}  // namespace
}  // namespace tapeline
