#include "core/journal/journal_keeper.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <new>
#include <optional>

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/crash_point.hpp"
#include "core/base/file_descriptor.hpp"
#include "core/journal/chain.hpp"
#include "core/journal/journal_check.hpp"
#include "core/journal/journal_survey.hpp"
#include "core/journal/segment_supply.hpp"
#include "tests/unit/core/journal/journal_folder.hpp"

namespace tapeline {
namespace {

class Keeping : public JournalFolder {
 protected:
  /// Runs `work` in a process of its own that dies at a crash point. False: it came to its end.
  template <class Work>
  [[nodiscard]] static bool dies_at(const char* point, const Work& work) {
    const pid_t child = fork();
    if (child == 0) {
      if (!arm_crash_point(point).empty()) _exit(2);
      work();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }
  [[nodiscard]] bool is_compressed(std::uint64_t index) const {
    const auto file = find_segment(config.directory, index);
    return file && file->form == SegmentForm::compressed;
  }
  [[nodiscard]] std::string told() {
    std::string text;
    for (OperationsEvent event; operations.take(event);) text += event.text + '\n';
    return text;
  }
};

TEST_F(Keeping, PreparesTheNextSegmentAndLeavesNoneBehind) {
  JournalPosition end = 0;
  {
    JournalWriter writer(config);
    const SegmentSupply supply(writer);
    append(writer, 5);
    EXPECT_FALSE(find_segment(config.directory, 1));  // a quiet lane takes no disk that it may never use
    append_segments(writer, 3);
    while (writer.end_position() % config.segment_bytes < config.segment_bytes / 2) append(writer, 1);
    ASSERT_TRUE(eventually([&] { return find_segment(config.directory, 4).has_value(); }));
    EXPECT_EQ(survey_journal(config.directory).end_position, writer.end_position());
    append_segments(writer, 1);
    expect_all(writer.first_position(), writer.end_position());
    while (writer.end_position() % config.segment_bytes < config.segment_bytes / 2) append(writer, 1);
    ASSERT_TRUE(eventually([&] { return find_segment(config.directory, 5).has_value(); }));
    end = writer.end_position();
  }
  EXPECT_FALSE(find_segment(config.directory, 5));
  EXPECT_EQ(survey_journal(config.directory).end_position, end);
}

TEST_F(Keeping, GoesOnWhereItWasKilledWithASegmentPrepared) {
  ASSERT_TRUE(dies_at("journal_prepare:2", [&] {
    JournalWriter writer(config);
    const SegmentSupply supply(writer);
    for (;;) append(writer, 1);
  }));
  const auto left = list_segments(config.directory);
  const JournalExtent extent = survey_journal(config.directory);
  EXPECT_TRUE(check_journal(config.directory).findings.empty());
  const auto numbers = read(extent.first_position, extent.end_position);
  ASSERT_FALSE(numbers.empty());
  appended = numbers.back() + 1;
  JournalWriter writer(config);
  EXPECT_EQ(writer.end_position(), extent.end_position);
  EXPECT_LE(list_segments(config.directory).size(), left.size());
  append_segments(writer, 2);
  expect_all(writer.first_position(), writer.end_position());
}

TEST_F(Keeping, CompressesWhatIsClosedAndEveryReaderSeesTheSame) {
  config.compression = JournalCompression::zstd;
  JournalPosition end = 0;
  {
    JournalWriter writer(config);
    const SegmentSupply supply(writer);
    JournalKeeper keeper(writer, operations, {});
    append_segments(writer, 6);
    ASSERT_TRUE(eventually([&] { return is_compressed(4); }));
    EXPECT_FALSE(is_compressed(5));  // for readers just behind the writer
    end = writer.end_position();
    expect_all(writer.first_position(), end);
    ASSERT_TRUE(eventually([&] { return keeper.usage().compressed_segments == 5; }));
    EXPECT_LT(keeper.usage().disk_bytes, 7 * config.segment_bytes);
  }
  const JournalExtent extent = survey_journal(config.directory);
  EXPECT_EQ(extent.config.segment_bytes, config.segment_bytes);
  EXPECT_EQ(extent.end_position, end);
  expect_all(extent.first_position, end);
  const FoundFrame found = find_frame(extent, config.segment_bytes + sizeof(SegmentHeader));
  ASSERT_TRUE(found.frame);
  EXPECT_TRUE(found.is_intact);
  const JournalCheck check = check_journal(config.directory);
  EXPECT_TRUE(check.findings.empty());
  EXPECT_EQ(check.chained_segments, 6U);
  const JournalWriter again(config);
  EXPECT_EQ(again.end_position(), end);
}

TEST_F(Keeping, ChainsWhatIsClosedBeforeItEnds) {
  {
    JournalWriter writer(config);
    const JournalKeeper keeper(writer, operations, {});
    append_segments(writer, 6);
  }
  const JournalCheck check = check_journal(config.directory);
  EXPECT_TRUE(check.findings.empty());
  EXPECT_EQ(check.chained_segments, 6U);
}

TEST_F(Keeping, ChainsOnBehindASegmentThatIsGone) {
  JournalWriter writer(config);
  append_segments(writer, 6);
  std::filesystem::remove(segment_path(config.directory, 2));
  const JournalKeeper keeper(writer, operations, {});
  const auto is_chained = [&](std::uint64_t index) {
    const auto header = read_segment_header(*find_segment(config.directory, index));
    return header && !is_unknown(previous_digest(*header));
  };
  EXPECT_TRUE(eventually([&] { return is_chained(6); }));
  EXPECT_FALSE(is_chained(3));
  EXPECT_EQ(told().find("cannot"), std::string::npos);
}

TEST_F(Keeping, LeavesOneWholeFormWhereverItIsKilled) {
  config.compression = JournalCompression::zstd;
  for (const char* point : {"journal_chain:1", "journal_chain:3", "journal_compressed:1", "journal_compressed:2"}) {
    const bool has_died = dies_at(point, [&] {
      JournalWriter writer(config);
      const JournalKeeper keeper(writer, operations, {});
      append_segments(writer, 5);
      std::this_thread::sleep_for(std::chrono::seconds(30));
    });
    ASSERT_TRUE(has_died) << point;
    const JournalExtent extent = survey_journal(config.directory);
    const auto numbers = read(extent.first_position, extent.end_position);
    ASSERT_FALSE(numbers.empty());
    appended = numbers.back() + 1;
    expect_all(extent.first_position, extent.end_position);
    EXPECT_TRUE(check_journal(config.directory).findings.empty()) << point;
  }
  // The next process takes up what was left undone.
  JournalWriter writer(config);
  const std::uint64_t last = writer.segment_index();
  JournalKeeper keeper(writer, operations, {});
  ASSERT_TRUE(eventually([&] { return is_compressed(last - 2); }));
  ASSERT_TRUE(eventually([&] { return keeper.usage().compressed_segments == last - 1; }));
  for (std::uint64_t index = 0; index + 1 < last; ++index)
    EXPECT_FALSE(std::filesystem::exists(segment_path(config.directory, index))) << index;
  EXPECT_EQ(check_journal(config.directory).chained_segments, last);
}

TEST_F(Keeping, DeletesOnlyWhatIsStoredAndOverTheLimit) {
  config.retain_bytes = 3 * config.segment_bytes;
  JournalWriter writer(config);
  std::atomic<JournalPosition> stored{0};
  JournalKeeper keeper(writer, operations, {.stored = [&] { return stored.load(); }, .restart = {}});
  append_segments(writer, 8);
  ASSERT_TRUE(eventually([&] { return keeper.usage().segments == 9; }));
  stored = 4 * config.segment_bytes + 100;
  ASSERT_TRUE(eventually([&] { return keeper.usage().segments_trimmed == 4; }));
  EXPECT_EQ(list_segments(config.directory).front(), 4U);
  stored = writer.end_position();
  ASSERT_TRUE(eventually([&] { return list_segments(config.directory).size() == 3; }));
  ASSERT_TRUE(
      eventually([&] { return survey_journal(config.directory).first_position == keeper.usage().first_position; }));
  EXPECT_EQ(read(keeper.usage().first_position, writer.end_position()).back(), appended - 1);
}

TEST_F(Keeping, StopsTakingInWhenTheBudgetIsUsedUp) {
  config.budget_bytes = 5 * config.segment_bytes;
  JournalWriter writer(config);
  std::atomic<JournalPosition> stored{0};
  JournalKeeper keeper(writer, operations, {.stored = [&] { return stored.load(); }, .restart = {}});
  append_segments(writer, 4);
  ASSERT_TRUE(eventually([&] { return keeper.usage().is_full; }));
  while (writer.append({.receive_ns = 1}, {}, payload_of(0))) {
  }
  EXPECT_NE(writer.last_error().find("journal.budget_bytes"), std::string_view::npos) << writer.last_error();
  EXPECT_NE(told().find("mend the database, or raise journal.budget_bytes"), std::string::npos);
  EXPECT_EQ(list_segments(config.directory).size(), 5U);
  // Once it is stored there is room again.
  stored = writer.end_position();
  ASSERT_TRUE(eventually([&] { return writer.append({.receive_ns = 1}, {}, payload_of(0)).has_value(); }));
}

TEST_F(Keeping, DropsTheOldestWhereTheBudgetSaysSoAndReadersGoOnBehindIt) {
  config.budget_bytes = 5 * config.segment_bytes;
  config.over_budget = OverBudget::drop_oldest;
  JournalWriter writer(config);
  JournalKeeper keeper(writer, operations, {.stored = [] { return JournalPosition{0}; }, .restart = {}});
  JournalReader reader(config);
  reader.seek(writer.first_position());
  Frame frame;
  append(writer, 1);
  ASSERT_TRUE(reader.next(writer.end_position(), frame));
  append_segments(writer, 4);
  ASSERT_TRUE(eventually([&] { return keeper.usage().segments_dropped > 0; }));
  EXPECT_NE(told().find("what the database lacks"), std::string::npos);
  append_segments(writer, 6);
  ASSERT_TRUE(eventually([&] { return list_segments(config.directory).size() <= 5; }));
  std::size_t last = 0;
  while (reader.next(writer.end_position(), frame)) last = static_cast<std::size_t>(frame.receive_ns);
  EXPECT_EQ(reader.failure(), "");
  EXPECT_GT(reader.skipped_count(), 0U);
  EXPECT_EQ(last, appended);
}

TEST_F(Keeping, WritesThroughToTheDiskAsTheConfigurationSays) {
  const auto appends = [&](JournalFsync fsync) {
    return [&, fsync] {
      config.fsync = fsync;
      config.fsync_interval_ms = 20;
      JournalWriter writer(config);
      const JournalKeeper keeper(writer, operations, {});
      for (int i = 0; i < 50; ++i) {
        append(writer, 3);
        if (!writer.end_batch()) _exit(3);
        if (fsync == JournalFsync::interval) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    };
  };
  EXPECT_TRUE(dies_at("journal_sync:40", appends(JournalFsync::batch)));
  EXPECT_TRUE(dies_at("journal_sync:3", appends(JournalFsync::interval)));
  EXPECT_FALSE(dies_at("journal_sync:1", appends(JournalFsync::none)));
}

/// Of a file that was allocated: whether a byte has come to the disk. None: the file system does not say, as tmpfs, which has
/// no disk. btrfs, and ext4 without extents, call allocated what is written, too: there it is true from the beginning.
std::optional<bool> is_on_disk(const std::string& path, std::uint64_t offset) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  alignas(fiemap) std::array<std::byte, sizeof(fiemap) + sizeof(fiemap_extent)> room{};
  auto* const map = new (room.data()) fiemap{};
  map->fm_start = offset;
  map->fm_length = 1;
  map->fm_extent_count = 1;
  if (ioctl(file.get(), FS_IOC_FIEMAP, map) != 0 || map->fm_mapped_extents != 1) return std::nullopt;
  return (map->fm_extents[0].fe_flags & FIEMAP_EXTENT_UNWRITTEN) == 0;
}

TEST_F(Keeping, WritesToTheDiskWhatWasAppendedAndNothingBehindIt) {
  config.segment_bytes = std::size_t{4} << 20;
  config.fsync = JournalFsync::interval;
  config.fsync_interval_ms = 20;
  JournalWriter writer(config);
  const SegmentSupply supply(writer);
  const std::string path = segment_path(config.directory, 0);
  append(writer, 1'000);
  const std::uint64_t last = writer.end_position() - 1;
  // Nobody has synced it: where it is not said to be missing (see is_on_disk), nothing can be seen of a sync.
  if (is_on_disk(path, last) != false)
    GTEST_SKIP() << path << " is on a file system that does not tell what is written";
  const JournalKeeper keeper(writer, operations, {});
  EXPECT_TRUE(eventually([&] { return is_on_disk(path, last).value(); }));
  append(writer, 1'000);
  EXPECT_TRUE(eventually([&] { return is_on_disk(path, writer.end_position() - 1).value(); }));
  EXPECT_EQ(is_on_disk(path, config.segment_bytes / 2), false);
}

TEST_F(Keeping, HasAClosedSegmentOnTheDiskBeforeTheNextOneHasItsHash) {
  config.segment_bytes = std::size_t{4} << 20;
  config.fsync = JournalFsync::interval;
  config.fsync_interval_ms = 3'600'000;
  JournalWriter writer(config);
  const SegmentSupply supply(writer);
  const std::string path = segment_path(config.directory, 0);
  append(writer, 1'000);
  const std::uint64_t first = writer.end_position() - 1;
  // Nobody has synced it: where it is not said to be missing (see is_on_disk), nothing can be seen of a sync.
  if (is_on_disk(path, first) != false)
    GTEST_SKIP() << path << " is on a file system that does not tell what is written";
  const JournalKeeper keeper(writer, operations, {});
  ASSERT_TRUE(
      eventually([&] { return is_on_disk(path, first).value(); }));  // it begins with a sync, and there is no other
  append_segments(writer, 1);
  ASSERT_TRUE(eventually([&] {
    const auto file = find_segment(config.directory, 1);
    return file && !is_unknown(previous_digest(read_segment_header(*file).value()));
  }));
  EXPECT_EQ(is_on_disk(path, config.segment_bytes / 2), true);
  EXPECT_EQ(is_on_disk(path, config.segment_bytes - 4'096), true);
}

TEST_F(Keeping, TakesNothingInAfterTheDiskHasFailed) {
  JournalWriter writer(config);
  append(writer, 1);
  writer.note_sync_failure(EIO);
  EXPECT_FALSE(writer.append({}, {}, "more"));
  EXPECT_NE(writer.last_error().find("look at the disk"), std::string_view::npos);
  EXPECT_EQ(writer.sync_failure(), writer.last_error());
}

TEST_F(Keeping, IsReadBySeveralWhileItIsWrittenClosedAndCompressed) {
  config.compression = JournalCompression::zstd;
  JournalWriter writer(config);
  const SegmentSupply supply(writer);
  const JournalKeeper keeper(writer, operations, {});
  constexpr std::size_t count = 6'000;
  std::atomic<std::size_t> wrong{0};
  const auto read_all = [&](bool is_slow) {
    JournalReader reader(config);
    reader.seek(writer.first_position());
    Frame frame;
    for (std::size_t next = 0; next < count;) {
      if (!reader.next(writer.end_position(), frame)) {
        if (!reader.failure().empty()) return static_cast<void>(wrong += count);
        std::this_thread::yield();
        continue;
      }
      wrong += frame.payload == payload_of(next++) ? 0 : 1;
      if (is_slow && next % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    wrong += reader.skipped_count();
  };
  std::vector<std::thread> readers;
  for (const bool is_slow : {false, true, true}) readers.emplace_back(read_all, is_slow);
  append(writer, count);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0U);
}

}  // namespace
}  // namespace tapeline
