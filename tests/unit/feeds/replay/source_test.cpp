#include "feeds/replay/source.hpp"

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recordings.hpp"

namespace tapeline::feeds::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Recordings;

constexpr SourceCode code{4};
constexpr Channel channel = 1;

class KeepingSink final : public FrameSink {
 public:
  void append(SourceCode source, Channel of, std::uint16_t http_status, std::string_view context,
              std::string_view payload, Nanos receive_ns) override {
    EXPECT_EQ(source, code);
    EXPECT_EQ(of, channel);
    EXPECT_EQ(http_status, 0);
    EXPECT_EQ(context, "");
    frames.push_back(std::to_string(receive_ns) + " " + std::string(payload));
  }
  std::vector<std::string> frames;
};

std::vector<std::string> replayed(const std::vector<std::string>& files) {
  boost::asio::io_context context;
  KeepingSink sink;
  const auto source = make_source(context, files, code, channel);
  source->start(sink);
  context.run();
  EXPECT_TRUE(source->exhausted());
  EXPECT_EQ(source->status().frames, sink.frames.size());
  return sink.frames;
}

TEST(ReplaySource, AppendsEachLineWithItsTime) {
  const Recordings recordings;
  const std::string text = "1723161255123456789 {\"a\":1}\n1723161255123456790 {\"b\":2}\n";
  EXPECT_THAT(replayed({recordings.plain("a", text)}),
              ElementsAre("1723161255123456789 {\"a\":1}", "1723161255123456790 {\"b\":2}"));
  EXPECT_EQ(replayed({recordings.gzip("b", text)}), replayed({recordings.plain("a", text)}));
}

TEST(ReplaySource, MergesRecordingsByTheirTimes) {
  const Recordings recordings;
  const std::vector<std::string> files{recordings.plain("a", "1 a\n4 a\nbroken\n5 a\n"),
                                       recordings.gzip("b", "2 b\n4 b\n9 b\n"), recordings.plain("empty", "")};
  // Of equal times the earlier file comes first.
  EXPECT_THAT(replayed(files), ElementsAre("1 a", "2 b", "4 a", "4 broken", "4 b", "5 a", "9 b"));
}

TEST(ReplaySource, KeepsAMalformedLineAndCountsIt) {
  const Recordings recordings;
  boost::asio::io_context context;
  KeepingSink sink;
  const auto source =
      make_source(context, {recordings.plain("a", "broken before any time\n7 a\nbroken\n9 b\n")}, code, channel);
  source->start(sink);
  context.run();
  EXPECT_THAT(sink.frames, ElementsAre("1 broken before any time", "7 a", "7 broken", "9 b"));
  EXPECT_EQ(source->status().errors, 2U);
}

TEST(ReplaySource, GivesOthersTheirTurn) {
  const Recordings recordings;
  std::string text;
  for (int i = 1; i <= 1'000; ++i) text += std::to_string(i) + " x\n";
  boost::asio::io_context context;
  KeepingSink sink;
  const auto source = make_source(context, {recordings.plain("a", text)}, code, channel);
  source->start(sink);
  EXPECT_TRUE(sink.frames.empty());
  std::size_t handlers = 0;
  std::size_t before = 0;
  while (context.poll_one() > 0) {
    EXPECT_LE(sink.frames.size() - before, 256U);
    before = sink.frames.size();
    ++handlers;
  }
  EXPECT_EQ(sink.frames.size(), 1'000U);
  EXPECT_GT(handlers, 3U);
  EXPECT_TRUE(source->exhausted());
}

TEST(ReplaySource, EndsWhenItIsStopped) {
  const Recordings recordings;
  std::string text;
  for (int i = 1; i <= 1'000; ++i) text += std::to_string(i) + " x\n";
  boost::asio::io_context context;
  KeepingSink sink;
  const auto source = make_source(context, {recordings.plain("a", text)}, code, channel);
  source->start(sink);
  context.poll_one();
  const std::size_t before = sink.frames.size();
  source->stop();
  context.run();
  EXPECT_EQ(sink.frames.size(), before);
  EXPECT_FALSE(source->exhausted());
}

TEST(ReplaySource, SaysWhenARecordingIsDamaged) {
  const Recordings recordings;
  std::string text;
  for (int i = 1; i <= 50'000; ++i) text += std::to_string(i) + " " + std::to_string(i * 7919 % 100'003) + "\n";
  const std::string file = recordings.gzip("a.gz", text);
  recordings.cut(file, std::filesystem::file_size(file) / 2);
  boost::asio::io_context context;
  KeepingSink sink;
  const auto source = make_source(context, {file}, code, channel);
  source->start(sink);
  context.run();
  EXPECT_TRUE(source->exhausted());
  EXPECT_FALSE(sink.frames.empty());
  EXPECT_THAT(source->status().last_error, HasSubstr(file));
}

TEST(ReplaySource, ThrowsForAMissingFile) {
  const Recordings recordings;
  boost::asio::io_context context;
  EXPECT_THROW((void)make_source(context, {recordings.folder() + "/absent"}, code, channel), std::runtime_error);
}

TEST(ReplaySource, ReplaysTheRecordedTrades) {
  const std::string file = testing::recorded_trades();
  if (file.empty()) GTEST_SKIP() << "the recording is not here: set TAPELINE_SHARED";
  const auto frames = replayed({file});
  EXPECT_EQ(frames.size(), 41'249U);
}

}  // namespace
}  // namespace tapeline::feeds::replay
