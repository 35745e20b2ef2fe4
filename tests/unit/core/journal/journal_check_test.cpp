#include "core/journal/journal_check.hpp"

#include <algorithm>
#include <cstring>

#include "core/journal/chain.hpp"
#include "core/journal/journal_survey.hpp"
#include "tests/unit/core/journal/journal_folder.hpp"

namespace tapeline {
namespace {

class JournalChecks : public JournalFolder {
 protected:
  /// Four closed segments, chained, and an open one.
  void make(JournalCompression compression) {
    config.compression = compression;
    JournalWriter writer(config);
    JournalKeeper keeper(writer, operations, {});
    append_segments(writer, 4);
    append(writer, 20);
    ASSERT_TRUE(eventually([&] {
      const auto header = read_segment_header(*find_segment(config.directory, 4));
      return header && !is_unknown(previous_digest(*header));
    }));
    if (compression == JournalCompression::none) return;
    ASSERT_TRUE(eventually([&] { return find_segment(config.directory, 2)->form == SegmentForm::compressed; }));
  }

  /// Flips one bit of a file and expects to be told which segment it is in, with a range that holds it.
  void expect_found(const std::string& path, std::size_t offset, std::uint64_t segment, bool is_plain) {
    const std::string whole = bytes_of(path);
    std::string harmed = whole;
    harmed[offset] = static_cast<char>(harmed[offset] ^ (1 << (offset % 8)));
    write_bytes(path, harmed);
    const JournalCheck check = check_journal(config.directory);
    write_bytes(path, whole);
    const JournalPosition begin = segment * config.segment_bytes;
    const bool is_found = std::any_of(check.findings.begin(), check.findings.end(), [&](const JournalFinding& finding) {
      if (finding.segment != segment) return false;
      // Where in a compressed file a bit was flipped is no position of the journal.
      return is_plain ? finding.begin <= begin + offset && begin + offset < finding.end : finding.begin < finding.end;
    });
    ASSERT_TRUE(is_found) << path << " at " << offset << ": " << check.findings.size() << " findings"
                          << (check.findings.empty() ? "" : ", first: " + check.findings.front().what);
  }
};

TEST_F(JournalChecks, FindsNothingInAWholeJournal) {
  make(JournalCompression::none);
  const JournalCheck check = check_journal(config.directory);
  EXPECT_TRUE(check.findings.empty()) << check.findings.front().what;
  EXPECT_EQ(check.frames, appended);
  EXPECT_EQ(check.segments, 5U);
  EXPECT_EQ(check.chained_segments, 4U);
  EXPECT_EQ(check.torn_bytes, 0U);
  EXPECT_EQ(check.last_closed_index, 3U);
}

TEST_F(JournalChecks, FindsEveryBitThatFlipsInAClosedSegmentWithItsPosition) {
  make(JournalCompression::none);
  const std::string path = segment_path(config.directory, 1);
  // The header and the first records byte by byte, the rest by sample, the filler and what is behind it to the end.
  std::size_t filler = sizeof(SegmentHeader);
  {
    const Segment segment(config.directory, 1, config.segment_bytes, SegmentAccess::read_only);
    while (inspect_record(segment, config.segment_bytes, filler, Verify::lengths) == RecordState::valid)
      filler += static_cast<std::size_t>(frame_at(segment, filler).end_position - frame_at(segment, filler).position);
  }
  std::vector<std::size_t> offsets;
  for (std::size_t offset = 0; offset < 256; ++offset) offsets.push_back(offset);
  for (std::size_t offset = 256; offset < config.segment_bytes; offset += 499) offsets.push_back(offset);
  for (std::size_t offset = filler; offset < std::min(filler + 80, config.segment_bytes); ++offset)
    offsets.push_back(offset);
  offsets.push_back(config.segment_bytes - 1);
  for (const std::size_t offset : offsets) {
    expect_found(path, offset, 1, true);
    if (HasFatalFailure()) return;
  }
}

TEST_F(JournalChecks, FindsEveryBitThatFlipsInACompressedSegment) {
  make(JournalCompression::zstd);
  EXPECT_TRUE(check_journal(config.directory).findings.empty());
  const std::string path = compressed_path(config.directory, 1);
  const std::size_t size = bytes_of(path).size();
  for (std::size_t offset = 0; offset < size; offset += offset < 64 || offset + 64 > size ? 1 : 101) {
    expect_found(path, offset, 1, false);
    if (HasFatalFailure()) return;
  }
}

TEST_F(JournalChecks, FindsARecordThatWasReplacedByAnotherWholeOne) {
  make(JournalCompression::none);
  const std::string path = segment_path(config.directory, 2);
  std::string bytes = bytes_of(path);
  RecordHeader header;
  std::memcpy(&header, bytes.data() + sizeof(SegmentHeader), sizeof header);
  char* const body = bytes.data() + sizeof(SegmentHeader) + sizeof header;
  body[header.context_bytes + 3] = 'X';
  header.crc = record_crc(header, {}, {body, std::size_t{header.context_bytes} + header.payload_bytes});
  std::memcpy(bytes.data() + sizeof(SegmentHeader), &header, sizeof header);
  write_bytes(path, bytes);
  const JournalCheck check = check_journal(config.directory);
  ASSERT_EQ(check.findings.size(), 1U);
  EXPECT_EQ(check.findings.front().segment, 2U);
  EXPECT_NE(check.findings.front().what.find("not the segment that was closed"), std::string::npos);
}

TEST_F(JournalChecks, SaysHowManyBytesOfATornTailThereAre) {
  make(JournalCompression::none);
  JournalPosition end = 0;
  { end = survey_journal(config.directory).end_position; }
  const std::string path = segment_path(config.directory, 4);
  std::string bytes = bytes_of(path);
  std::memset(bytes.data() + end % config.segment_bytes, 'x', 100);
  write_bytes(path, bytes);
  EXPECT_EQ(check_journal(config.directory).torn_bytes, 100U);
  const JournalWriter writer(config);
  EXPECT_EQ(writer.bytes_truncated(), 100U);
  EXPECT_EQ(writer.truncated_position(), end);
}

TEST_F(JournalChecks, ReadsAndContinuesAJournalOfTheFirstVersion) {
  make(JournalCompression::none);
  for (const std::uint64_t index : list_segments(config.directory)) {
    const std::string path = segment_path(config.directory, index);
    std::string bytes = bytes_of(path);
    SegmentHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    header.version = 1;
    std::memset(header.previous_sha256, 0, sizeof header.previous_sha256);
    std::memcpy(bytes.data(), &header, sizeof header);
    write_bytes(path, bytes);
  }
  EXPECT_TRUE(check_journal(config.directory).findings.empty());
  {
    JournalWriter writer(config);
    JournalKeeper keeper(writer, operations, {});
    append_segments(writer, 3);
    append(writer, 1);
    expect_all(writer.first_position(), writer.end_position());
    ASSERT_TRUE(eventually(
        [&] { return !is_unknown(previous_digest(*read_segment_header(*find_segment(config.directory, 7)))); }));
  }
  const JournalCheck check = check_journal(config.directory);
  EXPECT_TRUE(check.findings.empty());
  EXPECT_EQ(check.chained_segments, 3U);  // from the last of the first version on
}

TEST_F(JournalChecks, RefusesAJournalOfANewerVersion) {
  make(JournalCompression::none);
  const std::string path = segment_path(config.directory, 4);
  std::string bytes = bytes_of(path);
  bytes[8] = 3;
  write_bytes(path, bytes);
  try {
    const JournalWriter writer(config);
    FAIL() << "it was opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("newer version of tapeline"), std::string::npos) << error.what();
  }
}

TEST_F(JournalChecks, TakesAVersionThatFlippedInAClosedSegmentForDamage) {
  make(JournalCompression::none);
  const std::string path = segment_path(config.directory, 2);
  std::string bytes = bytes_of(path);
  bytes[8] = 3;
  write_bytes(path, bytes);
  const JournalCheck check = check_journal(config.directory);
  ASSERT_FALSE(check.findings.empty());
  EXPECT_EQ(check.findings.front().segment, 2U);
  const JournalExtent extent = survey_journal(config.directory);
  expect_all(extent.first_position, extent.end_position);
}

TEST_F(JournalChecks, ReadsOnBehindADamagedPartOfACompressedSegment) {
  make(JournalCompression::zstd);
  const JournalExtent extent = survey_journal(config.directory);
  const std::string path = compressed_path(config.directory, 1);
  std::string bytes = bytes_of(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_bytes(path, bytes);
  const auto numbers = read(extent.first_position, extent.end_position);
  EXPECT_LT(numbers.size(), appended);
  EXPECT_GT(numbers.size(), appended / 2);  // one of four segments is lost, at most
  EXPECT_EQ(numbers.back(), appended - 1);
}

}  // namespace
}  // namespace tapeline
