#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/huge_pages.hpp"
#include "core/journal/crc32c.hpp"
#include "core/journal/journal_reader.hpp"
#include "core/journal/journal_writer.hpp"
#include "core/journal/segment_supply.hpp"

namespace tapeline {
namespace {

class Journal : public ::testing::Test {
 protected:
  Journal() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-journal-XXXXXX").string();
    config.directory = mkdtemp(pattern.data());
    config.segment_bytes = segment_bytes_min;
  }
  ~Journal() override { std::filesystem::remove_all(config.directory); }

  [[nodiscard]] std::vector<std::string> read_all(JournalPosition limit) const {
    JournalReader reader(config);
    reader.seek(reader.first_position());
    std::vector<std::string> payloads;
    Frame frame;
    while (reader.next(limit, frame)) payloads.emplace_back(frame.payload);
    return payloads;
  }
  static std::string payload_of(std::size_t number) {
    return std::string(number * 37 % 700, 'x') + std::to_string(number);
  }

  void flip_byte(JournalPosition position) const {
    const std::string path = segment_path(config.directory, position / config.segment_bytes);
    const int fd = open(path.c_str(), O_RDWR);
    ASSERT_GE(fd, 0);
    const auto offset = static_cast<off_t>(position % config.segment_bytes);
    char byte = 0;
    ASSERT_EQ(pread(fd, &byte, 1, offset), 1);
    byte = static_cast<char>(byte ^ 0x10);
    ASSERT_EQ(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
  }

  JournalConfig config;
};

TEST_F(Journal, GivesBackWhatWasAppendedOverManySegments) {
  std::vector<std::string> expected;
  JournalWriter writer(config);
  for (std::size_t i = 0; i < 2'000; ++i) {
    expected.push_back(payload_of(i));
    ASSERT_TRUE(writer.append({.source = SourceCode{4}, .channel = 2, .http_status = 200, .receive_ns = 5}, "context",
                              expected.back()));
  }
  EXPECT_GT(list_segments(config.directory).size(), 5U);
  EXPECT_EQ(read_all(writer.end_position()), expected);
}

TEST_F(Journal, KeepsEveryFieldAndPadsThePayloadWithZeros) {
  JournalWriter writer(config);
  const auto position = writer.append(
      {.kind = FrameKind::clock, .source = SourceCode{3}, .channel = 7, .http_status = 429, .receive_ns = -12},
      "IBM 60", "body");
  ASSERT_TRUE(position);
  JournalReader reader(config);
  reader.seek(reader.first_position());
  Frame frame;
  ASSERT_TRUE(reader.next(writer.end_position(), frame));
  EXPECT_EQ(frame.position, *position);
  EXPECT_EQ(frame.end_position, writer.end_position());
  EXPECT_EQ(frame.kind, FrameKind::clock);
  EXPECT_EQ(frame.source, SourceCode{3});
  EXPECT_EQ(frame.channel, 7);
  EXPECT_EQ(frame.http_status, 429);
  EXPECT_EQ(frame.receive_ns, -12);
  EXPECT_EQ(frame.context, "IBM 60");
  EXPECT_EQ(frame.payload, "body");
  EXPECT_TRUE(std::all_of(frame.payload.data() + frame.payload.size(),
                          frame.payload.data() + frame.payload.size() + frame_padding_bytes,
                          [](char c) { return c == '\0'; }));
}

/// What the kernel was asked for a mapping of a file of this process, by the two letters of /proc/PID/smaps.
std::string flags_of_mapping(const std::string& path) {
  const std::string resolved = std::filesystem::canonical(path).string();
  std::ifstream maps("/proc/self/smaps");
  bool is_in_it = false;
  for (std::string line; std::getline(maps, line);) {
    is_in_it = is_in_it || line.ends_with(resolved);
    if (is_in_it && line.starts_with("VmFlags:")) return line;
  }
  return {};
}

bool has_huge_pages(const std::string& path) {
  const std::string flags = flags_of_mapping(path);
  EXPECT_NE(flags, "") << path << " is not mapped";
  const bool is_asked_for = flags.find(" hg") != std::string::npos;
  EXPECT_EQ(flags.find(" rr") != std::string::npos, is_asked_for) << flags;
  return is_asked_for;
}

/// A kernel without them refuses the wish for huge pages, and there is nothing to be seen of it.
bool knows_huge_pages() { return std::filesystem::exists("/sys/kernel/mm/transparent_hugepage"); }

TEST_F(Journal, UsesHugePagesWhereItIsToldToAndIsNotSyncedAsItGrows) {
  config.segment_bytes = 2 * huge_page_bytes;
  const auto huge = [&](std::uint64_t index) { return has_huge_pages(segment_path(config.directory, index)); };
  for (const JournalFsync fsync : {JournalFsync::none, JournalFsync::interval, JournalFsync::batch}) {
    config.fsync = fsync;
    const bool is_wanted = fsync == JournalFsync::none && knows_huge_pages();
    {
      JournalWriter writer(config);
      writer.prepare_next();
      EXPECT_FALSE(huge(0) || huge(1));
      writer.set_pages(SegmentPages::huge);
      EXPECT_EQ(huge(0), is_wanted);
      EXPECT_EQ(huge(1), is_wanted);
      while (writer.segment_index() == 0) ASSERT_TRUE(writer.append({}, {}, std::string(100'000, 'x')));
      writer.prepare_next();
      EXPECT_EQ(huge(2), is_wanted);
    }
    {
      JournalWriter writer(config);
      writer.set_pages(SegmentPages::huge);
      writer.set_pages(SegmentPages::usual);
      writer.prepare_next();
      EXPECT_FALSE(huge(2));
    }
    for (const std::uint64_t index : list_segments(config.directory))
      std::filesystem::remove(segment_path(config.directory, index));
  }
}

TEST_F(Journal, UsesHugePagesWhenMuchIsAppended) {
  // The supply's choice shows in nothing but the kernel's flag, and a kernel without huge pages sets it for nobody.
  if (!knows_huge_pages()) GTEST_SKIP() << "this kernel has no transparent huge pages";
  config.segment_bytes = std::size_t{16} << 20;
  JournalWriter writer(config);
  const SegmentSupply supply(writer);
  const std::string first = segment_path(config.directory, 0);
  for (int i = 0; i < 20; ++i) {  // a megabyte a second at the most
    ASSERT_TRUE(writer.append({}, {}, std::string(10'000, 'x')));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(has_huge_pages(first));
  const std::string much(100'000, 'x');
  bool is_huge = false;
  for (int i = 0; i < 20'000 && !is_huge; ++i) {
    ASSERT_TRUE(writer.append({}, {}, much));
    if (i % 100 == 99) is_huge = has_huge_pages(segment_path(config.directory, writer.segment_index()));
  }
  EXPECT_TRUE(is_huge);
}

TEST_F(Journal, RefusesWhatIsTooLargeAndGoesOn) {
  JournalWriter writer(config);
  EXPECT_FALSE(writer.append({}, {}, std::string(config.segment_bytes, 'x')));
  EXPECT_NE(writer.last_error().find("over the journal's limit"), std::string_view::npos);
  EXPECT_TRUE(writer.append({}, {}, std::string(writer.payload_bytes_max(), 'x')));
  EXPECT_TRUE(writer.append({}, {}, ""));
  EXPECT_EQ(read_all(writer.end_position()).size(), 2U);
}

TEST_F(Journal, GoesOnWhereItEndedWhenItIsOpenedAgain) {
  std::vector<std::string> expected;
  JournalPosition end = 0;
  for (int session = 0; session < 4; ++session) {
    JournalWriter writer(config);
    if (session > 0) {
      EXPECT_EQ(writer.end_position(), end);
    }
    EXPECT_EQ(writer.bytes_truncated(), 0U);
    for (std::size_t i = 0; i < 100; ++i) {
      expected.push_back(payload_of(expected.size()));
      ASSERT_TRUE(writer.append({}, {}, expected.back()));
    }
    end = writer.end_position();
  }
  EXPECT_EQ(read_all(end), expected);
}

TEST_F(Journal, LosesOnlyTheRecordThatWasBeingWritten) {
  JournalPosition last = 0;
  JournalPosition end = 0;
  {
    JournalWriter writer(config);
    for (std::size_t i = 0; i < 10; ++i) last = *writer.append({}, {}, "payload number " + std::to_string(i));
    end = writer.end_position();
  }
  const std::string path = segment_path(config.directory, 0);
  std::ifstream file(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // The process died after each possible number of bytes of the last record.
  const std::size_t written = sizeof(RecordHeader) + std::string_view("payload number 9").size();
  for (std::size_t torn = 1; torn < written; ++torn) {
    std::string copy = whole;
    std::fill(copy.begin() + static_cast<std::ptrdiff_t>(last + torn), copy.end(), '\0');
    std::ofstream(path, std::ios::binary | std::ios::trunc) << copy;
    JournalWriter writer(config);
    ASSERT_EQ(writer.end_position(), last) << torn;
    ASSERT_TRUE(writer.append({}, {}, "after")) << torn;
    const auto payloads = read_all(writer.end_position());
    ASSERT_EQ(payloads.size(), 10U) << torn;
    ASSERT_EQ(payloads.back(), "after");
  }
  EXPECT_GT(end, last);
}

TEST_F(Journal, SkipsADamagedRecordAndCountsIt) {
  std::vector<JournalPosition> positions;
  JournalPosition end = 0;
  {
    JournalWriter writer(config);
    for (std::size_t i = 0; i < 50; ++i) positions.push_back(*writer.append({}, {}, payload_of(i)));
    end = writer.end_position();
  }
  flip_byte(positions[20] + sizeof(RecordHeader) + 3);
  flip_byte(positions[30] + 6);
  JournalReader reader(config);
  reader.seek(reader.first_position());
  Frame frame;
  std::vector<JournalPosition> read;
  while (reader.next(end, frame)) read.push_back(frame.position);
  positions.erase(positions.begin() + 30);
  positions.erase(positions.begin() + 20);
  EXPECT_EQ(read, positions);
  EXPECT_EQ(reader.skipped_count(), 2U);
}

TEST_F(Journal, IsWrittenByOneProcessOnly) {
  const JournalWriter writer(config);
  try {
    const JournalWriter second(config);
    FAIL() << "a second writer was let in";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("pid " + std::to_string(getpid())), std::string::npos) << error.what();
  }
}

/// What this process has open: descriptors, and mappings of the journal's files.
struct Holdings {
  std::ptrdiff_t descriptors = 0;
  std::ptrdiff_t mappings = 0;

  friend bool operator==(const Holdings&, const Holdings&) = default;
};

Holdings holdings(const std::string& directory) {
  Holdings found;
  found.descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) found.mappings += line.find(directory) != std::string::npos ? 1 : 0;
  return found;
}

TEST_F(Journal, ThatIsRefusedLeavesNothingOpenAndIsTakenOnceItIsMended) {
  { ASSERT_TRUE(JournalWriter(config).append({}, {}, "one")); }
  const Holdings before = holdings(config.directory);
  flip_byte(0);
  EXPECT_THROW(JournalWriter{config}, std::runtime_error);
  EXPECT_EQ(holdings(config.directory), before);
  flip_byte(0);
  JournalWriter writer(config);
  ASSERT_TRUE(writer.append({}, {}, "two"));
  EXPECT_EQ(read_all(writer.end_position()), (std::vector<std::string>{"one", "two"}));
}

TEST_F(Journal, TakesNothingInOnceWhatItClosesCannotBeWrittenThrough) {
  config.fsync = JournalFsync::batch;
  JournalWriter writer(config);
  ASSERT_TRUE(writer.append({}, {}, "first"));
  ASSERT_TRUE(writer.end_batch());
  const std::size_t room = config.segment_bytes - writer.end_position();
  for (const std::size_t bytes : {room / 32 * 16, room - room / 32 * 16})
    ASSERT_TRUE(writer.append({}, {}, std::string(bytes - sizeof(RecordHeader) - frame_padding_bytes, 'x')));
  ASSERT_EQ(writer.end_position(), config.segment_bytes);
  // msync() refuses what is not mapped: a failure of the last page alone.
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::ifstream maps("/proc/self/maps");
  std::uintptr_t end = 0;
  for (std::string line; end == 0 && std::getline(maps, line);) {
    if (line.find(segment_path(config.directory, 0)) != std::string::npos)
      end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
  }
  ASSERT_NE(end, 0U);
  ASSERT_EQ(munmap(reinterpret_cast<void*>(end - page), page), 0);
  EXPECT_EQ(writer.sync_failure(), "");
  static_cast<void>(writer.append({}, {}, "second"));
  EXPECT_EQ(writer.segment_index(), 1U);
  EXPECT_FALSE(writer.end_batch());
  EXPECT_FALSE(writer.append({}, {}, "third"));
  EXPECT_NE(writer.sync_failure().find("Cannot allocate memory; look at the disk"), std::string::npos)
      << writer.sync_failure();
}

/// Files of this process may not grow beyond so many bytes, as on a disk that is full.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : signal_(signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, signal_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  sighandler_t signal_;
  rlimit before_{};
};

TEST_F(Journal, ThatCannotGoOnBehindItsLastSegmentLeavesNothingOpen) {
  std::size_t appended = 0;
  {
    JournalWriter writer(config);
    while (writer.segment_index() == 0) ASSERT_TRUE(writer.append({}, {}, payload_of(appended++)));
  }
  std::filesystem::remove(segment_path(config.directory, 1));
  const Holdings before = holdings(config.directory);
  {
    const FileLimit limit(1'024);
    EXPECT_THROW(JournalWriter{config}, std::runtime_error);
  }
  EXPECT_EQ(holdings(config.directory), before);
  const JournalWriter writer(config);
  EXPECT_EQ(read_all(writer.end_position()).size(), appended - 1);
}

TEST_F(Journal, NamesTheCureWhenItWasMadeWithOtherSegments) {
  { const JournalWriter writer(config); }
  config.segment_bytes *= 2;
  try {
    const JournalWriter writer(config);
    FAIL() << "another segment size was taken";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("set journal.segment_bytes"), std::string::npos) << error.what();
  }
}

TEST_F(Journal, IsReadByAnotherThreadWhileItIsWritten) {
  JournalWriter writer(config);
  constexpr std::size_t count = 20'000;
  std::atomic<bool> is_done{false};
  std::thread appender([&] {
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_TRUE(writer.append({.receive_ns = static_cast<Nanos>(i)}, {}, payload_of(i)));
    is_done.store(true, std::memory_order_release);
  });
  JournalReader reader(config);
  reader.seek(writer.first_position());
  Frame frame;
  std::size_t read = 0;
  std::size_t wrong = 0;
  for (bool is_last_look = false; read < count && !is_last_look;) {
    is_last_look = is_done.load(std::memory_order_acquire);
    while (reader.next(writer.end_position(), frame)) {
      wrong += frame.payload == payload_of(read) ? 0U : 1U;
      ++read;
    }
    if (!is_last_look) std::this_thread::yield();
  }
  appender.join();
  EXPECT_EQ(read, count);
  EXPECT_EQ(wrong, 0U);
}

TEST_F(Journal, LendsAReaderTheSegmentsThatItWrites) {
  std::vector<std::string> expected;
  JournalWriter writer(config);
  JournalReader reader(config, &writer.share());
  reader.seek(writer.first_position());
  Frame frame;
  for (std::size_t i = 0; i < 500; ++i) {
    expected.push_back(payload_of(i));
    ASSERT_TRUE(writer.append({}, {}, expected.back()));
    // Nothing is left that could be opened: what the reader sees is the writer's own memory.
    for (const std::uint64_t index : list_segments(config.directory))
      std::filesystem::remove(segment_path(config.directory, index));
    ASSERT_TRUE(reader.next(writer.end_position(), frame)) << reader.failure();
    ASSERT_EQ(frame.payload, expected.back());
  }
  EXPECT_GT(writer.segment_index(), 2U);
}

TEST_F(Journal, OpensWhatIsNotLentAnyMore) {
  std::vector<std::string> expected;
  JournalWriter writer(config);
  for (std::size_t i = 0; i < 2'000; ++i) {
    expected.push_back(payload_of(i));
    ASSERT_TRUE(writer.append({}, {}, expected.back()));
  }
  ASSERT_GT(writer.segment_index(), 4U);
  JournalReader reader(config, &writer.share());
  reader.seek(writer.first_position());
  Frame frame;
  std::vector<std::string> payloads;
  while (reader.next(writer.end_position(), frame)) payloads.emplace_back(frame.payload);
  EXPECT_EQ(payloads, expected);
}

TEST_F(Journal, ProvesWhatItReadsFromAFileAlsoBesideTheWriter) {
  std::vector<JournalPosition> positions;
  JournalWriter writer(config);
  while (writer.segment_index() < 4) positions.push_back(*writer.append({}, {}, payload_of(positions.size())));
  ASSERT_GT(payload_of(20).size(), 8U);
  ASSERT_EQ(positions[20] / config.segment_bytes, 0U);
  flip_byte(positions[20] + sizeof(RecordHeader) + 7);
  JournalReader reader(config, &writer.share());
  reader.seek(writer.first_position());
  std::vector<JournalPosition> read;
  for (Frame frame; reader.next(writer.end_position(), frame);) read.push_back(frame.position);
  positions.erase(positions.begin() + 20);
  EXPECT_EQ(read, positions);
  EXPECT_EQ(reader.skipped_count(), 1U);
}

TEST(Crc32c, GivesTheKnownChecksums) {
  EXPECT_EQ(crc32c(0, "123456789", 9), 0xe3069283U);
  EXPECT_EQ(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283U);
  EXPECT_EQ(crc32c(0, "", 0), 0U);
}

TEST(Crc32c, IsWhatItsDefinitionSaysBitByBit) {
  const auto by_definition = [](std::uint32_t crc, std::string_view bytes) {
    crc = ~crc;
    for (const char byte : bytes) {
      crc ^= static_cast<unsigned char>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
    }
    return ~crc;
  };
  std::mt19937 random(1);
  std::string text(4'000, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  for (std::size_t size = 0; size + 8 < text.size(); ++size) {
    const std::string_view bytes = std::string_view(text).substr(size % 8, size);
    const auto begin = static_cast<std::uint32_t>(random());
    ASSERT_EQ(crc32c(begin, bytes.data(), bytes.size()), by_definition(begin, bytes)) << size;
  }
}

}  // namespace
}  // namespace tapeline
