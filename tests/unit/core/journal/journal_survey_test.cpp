#include "core/journal/journal_survey.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/journal/journal_reader.hpp"
#include "core/journal/journal_writer.hpp"

namespace tapeline {
namespace {

class JournalSurvey : public ::testing::Test {
 protected:
  JournalSurvey() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-survey-XXXXXX").string();
    config.directory = mkdtemp(pattern.data());
    config.segment_bytes = segment_bytes_min;
  }
  ~JournalSurvey() override { std::filesystem::remove_all(config.directory); }

  /// Positions of so many frames, the last one's end behind them.
  std::vector<JournalPosition> append(JournalWriter& writer, std::size_t count, std::size_t payload_bytes = 1'000) {
    std::vector<JournalPosition> positions;
    for (std::size_t i = 0; i < count; ++i) {
      const auto position = writer.append({.source = SourceCode{4}, .receive_ns = 7}, "context",
                                          std::string(payload_bytes, static_cast<char>('a' + i % 26)));
      EXPECT_TRUE(position);
      positions.push_back(*position);
    }
    positions.push_back(writer.end_position());
    return positions;
  }

  void flip_byte(JournalPosition position) const {
    const int fd = open(segment_path(config.directory, position / config.segment_bytes).c_str(), O_RDWR);
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

TEST_F(JournalSurvey, SeesWhatTheOwnerHasAppended) {
  JournalWriter writer(config);
  EXPECT_EQ(survey_journal(config.directory).end_position, writer.end_position());
  for (int i = 0; i < 200; ++i) {
    append(writer, 1, static_cast<std::size_t>(i) * 13);
    const JournalExtent extent = survey_journal(config.directory);
    ASSERT_EQ(extent.config.segment_bytes, config.segment_bytes);
    ASSERT_EQ(extent.first_position, writer.first_position());
    ASSERT_EQ(extent.end_position, writer.end_position());
    ASSERT_EQ(torn_tail_bytes(extent), 0U);
  }
  EXPECT_GT(list_segments(config.directory).size(), 3U);
}

TEST_F(JournalSurvey, RefusesWhereThereIsNoJournalOrAHoleInIt) {
  EXPECT_THROW(static_cast<void>(survey_journal(config.directory)), std::runtime_error);
  EXPECT_THROW(static_cast<void>(survey_journal(config.directory + "/nothing")), std::runtime_error);
  JournalWriter writer(config);
  append(writer, 300);
  ASSERT_GT(list_segments(config.directory).size(), 3U);
  std::filesystem::remove(segment_path(config.directory, 0));
  EXPECT_EQ(survey_journal(config.directory).first_position, config.segment_bytes + sizeof(SegmentHeader));
  std::filesystem::remove(segment_path(config.directory, 2));
  EXPECT_THROW(static_cast<void>(survey_journal(config.directory)), std::runtime_error);
}

TEST_F(JournalSurvey, EndsBehindTheLastWholeRecordAlsoWhereDamageLiesBefore) {
  std::vector<JournalPosition> at;
  {
    JournalWriter writer(config);
    at = append(writer, 10);
  }
  flip_byte(at[4] + sizeof(RecordHeader) + 20);
  EXPECT_EQ(survey_journal(config.directory).end_position, at[10]);
  flip_byte(at[9] + sizeof(RecordHeader) + 20);
  const JournalExtent extent = survey_journal(config.directory);
  EXPECT_EQ(extent.end_position, at[9]);
  // The padding is zero.
  EXPECT_EQ(torn_tail_bytes(extent), sizeof(RecordHeader) + std::string("context").size() + 1'000);
}

TEST_F(JournalSurvey, FindsTheFrameThatAPositionBeginsOrLiesIn) {
  JournalWriter writer(config);
  const auto at = append(writer, 300);
  const JournalExtent extent = survey_journal(config.directory);
  for (std::size_t i = 0; i + 1 < at.size(); ++i) {
    for (const JournalPosition position : {at[i], at[i] + 1, at[i] + 1'000}) {
      const FoundFrame found = find_frame(extent, position);
      ASSERT_TRUE(found.frame) << position;
      EXPECT_EQ(found.frame->position, at[i]);
      EXPECT_EQ(found.frame->payload, std::string(1'000, static_cast<char>('a' + i % 26)));
      EXPECT_TRUE(found.is_intact);
    }
  }
}

TEST_F(JournalSurvey, NamesTheNeighboursOfAPositionWithoutAFrame) {
  JournalWriter writer(config);
  const auto at = append(writer, 100);
  const JournalExtent extent = survey_journal(config.directory);
  const FoundFrame before_all = find_frame(extent, 3);
  EXPECT_FALSE(before_all.frame);
  EXPECT_EQ(before_all.after, at.front());
  const FoundFrame behind_all = find_frame(extent, at.back());
  EXPECT_FALSE(behind_all.frame);
  EXPECT_EQ(behind_all.before, at[99]);
  EXPECT_FALSE(behind_all.after);
  EXPECT_EQ(find_frame(extent, ~JournalPosition{0}).before, at[99]);
  // Between the last record of a segment and the first of the next.
  const JournalPosition boundary = config.segment_bytes;
  const auto next = std::upper_bound(at.begin(), at.end(), boundary);
  const FoundFrame between = find_frame(extent, boundary - 1);
  EXPECT_FALSE(between.frame);
  EXPECT_EQ(between.before, *(next - 1));
  EXPECT_EQ(between.after, *next);
  EXPECT_EQ(find_frame(extent, boundary + 1).after, *next);
}

TEST_F(JournalSurvey, ShowsADamagedPayloadAndSaysSo) {
  JournalWriter writer(config);
  const auto at = append(writer, 5);
  flip_byte(at[2] + sizeof(RecordHeader) + 20);
  const JournalExtent extent = survey_journal(config.directory);
  const FoundFrame payload = find_frame(extent, at[2]);
  ASSERT_TRUE(payload.frame);
  EXPECT_FALSE(payload.is_intact);
  // Lengths that cannot be: nothing can be shown.
  flip_byte(at[3] + 4);
  const FoundFrame lengths = find_frame(extent, at[3]);
  EXPECT_FALSE(lengths.frame);
  EXPECT_EQ(lengths.before, at[2]);
  EXPECT_EQ(lengths.after, at[4]);
}

}  // namespace
}  // namespace tapeline
