#include "feeds/replay/recording_reader.hpp"

#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recordings.hpp"

namespace tapeline::feeds::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Recordings;
using Read = std::tuple<Nanos, std::string, bool>;  // time, payload, malformed

std::vector<Read> read_all(const std::vector<std::string>& files) {
  RecordingReader reader(files);
  std::vector<Read> all;
  RecordingReader::Line line;
  while (reader.next(line)) all.emplace_back(line.receive_ns, std::string(line.payload), line.is_malformed);
  EXPECT_EQ(reader.lines(), all.size());
  EXPECT_FALSE(reader.next(line));
  return all;
}

const std::string three_lines =
    "1723161255123456789 {\"stream\":\"btcusdt@trade\",\"data\":{\"p\":\"1.5\"}}\n1723161255123456790 second with "
    "spaces \n"
    "1723161255123456791 third\n";
const std::vector<Read> three_read{
    {1'723'161'255'123'456'789, "{\"stream\":\"btcusdt@trade\",\"data\":{\"p\":\"1.5\"}}", false},
    {1'723'161'255'123'456'790, "second with spaces ", false},
    {1'723'161'255'123'456'791, "third", false}};

TEST(RecordingReader, ReadsPlainAndGzipAlike) {
  const Recordings recordings;
  EXPECT_EQ(read_all({recordings.plain("a.txt", three_lines)}), three_read);
  EXPECT_EQ(read_all({recordings.gzip("a.txt.gz", three_lines)}), three_read);
  EXPECT_EQ(read_all({recordings.gzip("gzip-without-its-name.txt", three_lines)}), three_read);
}

TEST(RecordingReader, ReadsCrlf) {
  const Recordings recordings;
  std::string crlf;
  for (const char c : three_lines) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(read_all({recordings.plain("a.txt", crlf)}), three_read);
}

TEST(RecordingReader, ReadsALastLineWithoutEnd) {
  const Recordings recordings;
  EXPECT_EQ(read_all({recordings.plain("a.txt", three_lines.substr(0, three_lines.size() - 1))}), three_read);
  EXPECT_THAT(read_all({recordings.plain("b.txt", "1 a\r")}), ElementsAre(Read{1, "a", false}));
}

TEST(RecordingReader, PassesOverEmptyLines) {
  const Recordings recordings;
  EXPECT_THAT(read_all({recordings.plain("a.txt", "\n1 a\n\r\n\n2 b\n\n")}),
              ElementsAre(Read{1, "a", false}, Read{2, "b", false}));
}

TEST(RecordingReader, ReadsOneFileAfterTheOther) {
  const Recordings recordings;
  // The first lacks the end of its last line: it is not joined with what follows.
  const std::vector<std::string> files{recordings.plain("a", "1 a\n2 b"), recordings.plain("empty", ""),
                                       recordings.gzip("b", "3 c\n"), recordings.plain("c", "4 d\n")};
  EXPECT_THAT(read_all(files),
              ElementsAre(Read{1, "a", false}, Read{2, "b", false}, Read{3, "c", false}, Read{4, "d", false}));
}

TEST(RecordingReader, SaysWhichLinesAreMalformed) {
  const Recordings recordings;
  const auto all =
      read_all({recordings.plain("a.txt", "1 a\nno time\n {}\n-5 b\n0 c\n2\n99999999999999999999 d\n3x e\n4 f\n5 \n")});
  EXPECT_THAT(all,
              ElementsAre(Read{1, "a", false}, Read{0, "no time", true}, Read{0, " {}", true}, Read{0, "-5 b", true},
                          Read{0, "0 c", true}, Read{0, "2", true}, Read{0, "99999999999999999999 d", true},
                          Read{0, "3x e", true}, Read{4, "f", false}, Read{5, "", false}));
}

TEST(RecordingReader, ReadsLinesLongerThanItsBuffer) {
  const Recordings recordings;
  const std::string large(3'000'000, 'x');
  const auto all = read_all({recordings.gzip("a.gz", "1 a\n2 " + large + "\n3 c\n")});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(std::get<0>(all[1]), 2);
  EXPECT_TRUE(std::get<1>(all[1]) == large);
  EXPECT_EQ(all[2], (Read{3, "c", false}));
}

TEST(RecordingReader, ReadsLinesAcrossItsBuffersEnd) {
  const Recordings recordings;
  std::string text;
  std::size_t count = 0;
  for (; text.size() < 3'500'000; ++count)
    text += std::to_string(count + 1) + " " + std::string(count % 997, 'y') + "\n";
  const auto all = read_all({recordings.plain("a.txt", text)});
  ASSERT_EQ(all.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(std::get<0>(all[i]), static_cast<Nanos>(i + 1));
    ASSERT_EQ(std::get<1>(all[i]).size(), i % 997);
  }
}

TEST(RecordingReader, ThrowsForAFileThatCannotBeRead) {
  const Recordings recordings;
  const std::string good = recordings.plain("a.txt", three_lines);
  for (const std::string& bad : {recordings.folder() + "/absent.txt", recordings.folder()}) {
    try {
      RecordingReader reader({good, bad});
      FAIL() << bad;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(bad));
    }
  }
}

TEST(RecordingReader, SaysWhereAGzipFileIsCut) {
  const Recordings recordings;
  std::string text;
  for (int i = 1; i <= 50'000; ++i) text += std::to_string(i) + " " + std::to_string(i * 7919 % 100'003) + "\n";
  const std::string file = recordings.gzip("a.gz", text);
  recordings.cut(file, std::filesystem::file_size(file) / 2);
  RecordingReader reader({file});
  RecordingReader::Line line;
  std::uint64_t read = 0;
  try {
    while (reader.next(line)) ++read;
    FAIL() << "half of a file passes for the whole";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(file));
  }
  EXPECT_GT(read, 0U);
  EXPECT_LT(read, 50'000U);
}

TEST(RecordingReader, ReadsTheRecordedTrades) {
  const std::string file = testing::recorded_trades();
  if (file.empty()) GTEST_SKIP() << "the recording is not here: set TAPELINE_SHARED";
  RecordingReader reader({file});
  RecordingReader::Line line;
  Nanos last_ns = 0;
  while (reader.next(line)) {
    ASSERT_FALSE(line.is_malformed) << reader.lines();
    ASSERT_GE(line.receive_ns, last_ns) << reader.lines();
    ASSERT_TRUE(line.payload.starts_with('{') && line.payload.ends_with('}')) << reader.lines();
    last_ns = line.receive_ns;
  }
  EXPECT_EQ(reader.lines(), 41'249U);
}

TEST(Fingerprint, IsOfTheBytesOfAllFiles) {
  const Recordings recordings;
  const std::string a = recordings.plain("a", "1 a\n");
  const std::string same = recordings.plain("same", "1 a\n");
  const std::string other = recordings.plain("other", "1 b\n");
  EXPECT_EQ(fingerprint({a}), fingerprint({same}));
  EXPECT_NE(fingerprint({a}), fingerprint({other}));
  EXPECT_NE(fingerprint({a, other}), fingerprint({other, a}));
  EXPECT_NE(fingerprint({a}), fingerprint({a, other}));
  EXPECT_EQ(fingerprint({recordings.plain("foobar", "foobar")}),
            0x85944171f73967e8ULL);  // the published FNV-1a of "foobar"
  EXPECT_THROW((void)fingerprint({recordings.folder() + "/absent"}), std::runtime_error);
}

}  // namespace
}  // namespace tapeline::feeds::replay
