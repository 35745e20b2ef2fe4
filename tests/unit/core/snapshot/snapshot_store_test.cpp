#include "core/snapshot/snapshot_store.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "core/snapshot/snapshot_file.hpp"

namespace tapeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SnapshotConfig config{.interval_s = 100, .keep = 3};

SnapshotAge age(JournalPosition position, Nanos taken_s) { return {position, taken_s * nanos_per_second}; }

TEST(SuperfluousSnapshots, AreThoseBetweenTheNewestAndTheOnesThatAreApart) {
  EXPECT_THAT(superfluous_snapshots({}, config), IsEmpty());
  EXPECT_THAT(superfluous_snapshots({age(1, 0), age(2, 1), age(3, 2)}, config), IsEmpty());
  EXPECT_THAT(superfluous_snapshots({age(1, 0), age(2, 1), age(3, 2), age(4, 3), age(5, 4)}, config), ElementsAre(2));
  EXPECT_THAT(superfluous_snapshots(
                  {age(1, 0), age(2, 100), age(3, 210), age(4, 310), age(5, 311), age(6, 312), age(7, 313)}, config),
              ElementsAre(1));
}

TEST(SuperfluousSnapshots, LeaveOneOfLongAgoHoweverOftenTheyAreTaken) {
  std::vector<SnapshotAge> kept;
  for (Nanos now_s = 0; now_s < 5'000; now_s += 7) {
    kept.push_back(age(static_cast<JournalPosition>(now_s) + 1, now_s));
    for (const JournalPosition position : superfluous_snapshots(kept, config))
      std::erase_if(kept, [&](const SnapshotAge& one) { return one.position == position; });
    ASSERT_LE(kept.size(), 6U);
    if (now_s < 500) continue;
    // The newest three, and always one of two to four intervals ago.
    ASSERT_EQ(kept.size(), 6U);
    const Nanos oldest_s = now_s - kept.front().taken_ns / nanos_per_second;
    ASSERT_GE(oldest_s, 200);
    ASSERT_LE(oldest_s, 450);
    ASSERT_EQ(kept[5].taken_ns / nanos_per_second, now_s);
    ASSERT_EQ(kept[3].taken_ns / nanos_per_second, now_s - 14);
  }
}

TEST(SuperfluousSnapshots, AreAllOldOnesWhenTheClockWasSetBack) {
  EXPECT_THAT(superfluous_snapshots({age(1, 900), age(2, 5), age(3, 6), age(4, 7), age(5, 8)}, config), ElementsAre(2));
}

class SnapshotStore : public testing::Test {
 protected:
  SnapshotStore() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-snapshots-XXXXXX").string();
    journal = mkdtemp(pattern.data());
    std::filesystem::create_directories(directory());
  }
  ~SnapshotStore() override { std::filesystem::remove_all(journal); }

  [[nodiscard]] std::string directory() const { return snapshot_directory(journal); }
  void write(JournalPosition position, Nanos taken_ns) const {
    SnapshotWriter writer(snapshot_path(directory(), position));
    writer.add("numbers", 7, [](StateWriter& archive) { archive(std::vector<int>{1, 2, 3}); });
    writer.finish({.position = position - 10, .end_position = position, .receive_ns = 1, .fingerprint = 2}, taken_ns);
  }

  std::string journal;
};

TEST_F(SnapshotStore, SaysWhereTheJournalMustBegin) {
  EXPECT_EQ(oldest_needed_position(journal), std::nullopt);
  EXPECT_EQ(oldest_needed_position(journal + "/nowhere"), std::nullopt);
  write(5'000, 2);
  write(3'000, 1);
  // The last frame that it has seen is needed, too.
  EXPECT_EQ(oldest_needed_position(journal), 2'990U);
  std::ofstream(snapshot_path(directory(), 1'000)) << "torn";
  EXPECT_EQ(oldest_needed_position(journal), 1'000U);
}

TEST_F(SnapshotStore, PrunesWhatIsTooManyAndWhatIsUnfinished) {
  for (JournalPosition position = 100; position <= 900; position += 100)
    write(position, static_cast<Nanos>(position) * nanos_per_second / 50);
  std::ofstream(snapshot_path(directory(), 1'000) + ".new") << "torn";
  std::ofstream(directory() + "/notes.txt") << "of somebody";
  prune_snapshots(directory(), {.interval_s = 5, .keep = 2});
  EXPECT_THAT(list_snapshots(directory()), ElementsAre(400, 700, 800, 900));
  EXPECT_FALSE(std::filesystem::exists(snapshot_path(directory(), 1'000) + ".new"));
  EXPECT_TRUE(std::filesystem::exists(directory() + "/notes.txt"));
}

TEST_F(SnapshotStore, AWriterThatIsGivenUpLeavesNothing) {
  {
    SnapshotWriter writer(snapshot_path(directory(), 42));
    writer.add("half", 1, [](StateWriter& archive) { archive(std::string(1'000'000, 'x')); });
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory()));
  EXPECT_THROW(SnapshotWriter(journal + "/nowhere/x.snapshot"), std::system_error);
}

TEST_F(SnapshotStore, WhatIsWrittenIsReadByNameAndKey) {
  write(500, 77);
  const auto opened = Snapshot::open(snapshot_path(directory(), 500));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->position(), 500U);
  EXPECT_EQ(opened->taken_ns(), 77);
  ASSERT_EQ(opened->find("other"), nullptr);
  const SnapshotPart* part = opened->find("numbers");
  ASSERT_NE(part, nullptr);
  EXPECT_EQ(part->key, 7U);
  StateReader reader = opened->read(*part);
  std::vector<int> numbers;
  reader(numbers);
  EXPECT_TRUE(reader.finished());
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace tapeline
