#include "core/stages/parser.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "core/journal/journal_writer.hpp"

namespace tapeline {
namespace {

constexpr SourceCode source{4};

/// "SYMBOL PRICE" per word pair, "SYMBOL +MS" is stamped so far ahead of its arrival; "!" is a reject, "?" an ignored
/// message: a wire format just for this test.
class WordParser final : public WireParser {
 public:
  void parse(const Frame& frame, WireOutput& output) noexcept override {
    if (frame.payload == "?") {
      output.ignored = "question";
      return;
    }
    std::string_view rest = frame.payload;
    while (!rest.empty()) {
      const std::string_view symbol = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), symbol.size() + 1));
      const std::string_view price = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), price.size() + 1));
      WireEvent event;
      event.symbol = symbol;
      event.event_ns = frame.receive_ns;
      if (price == "!") {
        event.kind = EventKind::reject;
        event.reason = Reason::not_a_number;
        event.text = "price";
      } else if (price.front() == '+') {
        event.event_ns += std::stoll(std::string(price)) * nanos_per_millisecond;
        event.price = {1, 0};
      } else {
        event.price = *parse_decimal(price);
      }
      output.events.push_back(event);
    }
  }
};

class ParserStage : public ::testing::Test {
 protected:
  ParserStage() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-parser-XXXXXX").string();
    config.directory = mkdtemp(pattern.data());
    config.segment_bytes = segment_bytes_min;
  }
  ~ParserStage() override { std::filesystem::remove_all(config.directory); }

  Parser::Options options() {
    Parser::Options result;
    result.journal = config;
    result.wire[static_cast<std::size_t>(source)] = std::make_unique<WordParser>();
    return result;
  }
  void mark(const JournalWriter& journal) {
    marks.try_claim()->end_position = journal.end_position();
    marks.publish();
  }
  std::vector<MarketEvent> drain(Parser& parser) {
    std::vector<MarketEvent> all;
    do {
      parser.poll();
      for (auto ready = events.peek(); !ready.empty(); ready = events.peek()) {
        all.insert(all.end(), ready.begin(), ready.end());
        events.release(ready.size());
      }
    } while (!parser.drained());
    return all;
  }

  JournalConfig config;
  SpscRing<JournalMark> marks{4};
  SpscRing<MarketEvent> events{4};
  Operations operations;
};

TEST_F(ParserStage, AnnouncesAnInstrumentBeforeItsFirstEventAndOnlyOnce) {
  JournalWriter journal(config);
  journal.append({.source = source, .receive_ns = 1}, {}, "AAA 1.5 BBB 2 AAA 3 CCC !");
  mark(journal);
  Parser parser(options(), marks, events, operations);
  const auto all = drain(parser);
  ASSERT_EQ(all.size(), 7U);
  EXPECT_EQ(all[0].kind, EventKind::instrument);
  EXPECT_STREQ(all[0].names.native_symbol, "AAA");
  EXPECT_EQ(all[1].price_mantissa, 15);
  EXPECT_EQ(all[3].instrument, 1U);
  EXPECT_EQ(all[4].instrument, 0U);
  EXPECT_EQ(all[6].reason, Reason::not_a_number);
  EXPECT_STREQ(all[6].text, "price");
}

TEST_F(ParserStage, ReadsWhatAFullRingOfMarksDidNotAnnounce) {
  JournalWriter journal(config);
  Parser parser(options(), marks, events, operations);
  for (int i = 0; i < 5'000; ++i)
    journal.append({.source = source, .receive_ns = 1}, {}, "AAA " + std::to_string(i + 1));
  mark(journal);  // one mark for them all, over several segments
  const auto all = drain(parser);
  ASSERT_EQ(all.size(), 5'001U);
  for (std::size_t i = 1; i < all.size(); ++i) {
    const Decimal price{all[i].price_mantissa, all[i].price_exponent};
    ASSERT_EQ(to_string(price), std::to_string(i));
  }
}

TEST_F(ParserStage, LeavesOutAFrameWithAFlippedDigitAndTellsOfIt) {
  std::vector<JournalPosition> positions;
  JournalWriter journal(config);
  for (int i = 0; i < 5'000; ++i)
    positions.push_back(*journal.append({.source = source, .receive_ns = 1}, {}, "AAA " + std::to_string(i + 1)));
  std::fstream file(segment_path(config.directory, 0), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(positions[99] + sizeof(RecordHeader) + 4));
  file.put('4');  // of "AAA 100"
  file.close();
  mark(journal);
  Parser::Options beside_the_writer = options();
  beside_the_writer.share = &journal.share();
  Parser parser(std::move(beside_the_writer), marks, events, operations);
  const auto all = drain(parser);
  ASSERT_EQ(all.size(), 5'000U);
  EXPECT_EQ(all[99].price_mantissa, 99);
  EXPECT_EQ(all[100].price_mantissa, 101);
  EXPECT_EQ(parser.counts().corrupt.value(), 1U);
  OperationsEvent told;
  ASSERT_TRUE(operations.take(told));
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_NE(told.text.find("were skipped before position"), std::string::npos) << told.text;
  EXPECT_FALSE(operations.take(told));
}

TEST_F(ParserStage, TellsOnceOfASegmentThatCannotBeReadAndGoesOnOnceItCan) {
  JournalWriter journal(config);
  int appended = 0;
  while (journal.segment_index() < 4)
    journal.append({.source = source, .receive_ns = 1}, {}, "AAA " + std::to_string(++appended));
  mark(journal);
  const std::string path = segment_path(config.directory, 1);
  std::filesystem::copy_file(path, path + ".whole");
  std::filesystem::resize_file(path, 1'000);
  Parser parser(options(), marks, events, operations);
  EXPECT_EQ(parser.failure(), "");
  auto all = drain(parser);
  EXPECT_GT(all.size(), 100U);
  EXPECT_NE(parser.failure().find(path + " has 1000 bytes"), std::string::npos) << parser.failure();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(parser.poll(), 0U);
  OperationsEvent told;
  ASSERT_TRUE(operations.take(told));
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_NE(told.text.find("cannot be read on from position"), std::string::npos) << told.text;
  EXPECT_NE(told.text.find("or move it away"), std::string::npos) << told.text;
  EXPECT_FALSE(operations.take(told));

  std::filesystem::rename(path + ".whole", path);
  while (!parser.failure().empty()) {  // it tries again in a while
    const auto more = drain(parser);
    all.insert(all.end(), more.begin(), more.end());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(all.size(), static_cast<std::size_t>(appended) + 1);
  for (int i = 1; i <= appended; ++i) {
    const auto& event = all[static_cast<std::size_t>(i)];
    ASSERT_EQ(to_string(Decimal{event.price_mantissa, event.price_exponent}), std::to_string(i));
  }
  ASSERT_TRUE(operations.take(told));
  EXPECT_EQ(told.severity, Severity::info);
}

TEST_F(ParserStage, RejectsStampsTooFarAheadOfTheirArrival) {
  JournalWriter journal(config);
  journal.append({.source = source, .receive_ns = 1}, {}, "AAA +60000 AAA +60001");
  mark(journal);
  Parser parser(options(), marks, events, operations);
  const auto all = drain(parser);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].kind, EventKind::tick);
  EXPECT_EQ(all[2].kind, EventKind::reject);
  EXPECT_EQ(all[2].reason, Reason::future_event);
  EXPECT_STREQ(all[2].text, "event time is more than 60000 ms ahead of its arrival");

  Parser::Options unlimited = options();
  unlimited.ahead_ms = 0;
  Parser trusting(std::move(unlimited), marks, events, operations);
  mark(journal);
  EXPECT_EQ(drain(trusting).back().kind, EventKind::tick);
}

TEST_F(ParserStage, CountsIgnoredMessagesByKindAndRejectsImpossibleStampsAndNames) {
  JournalWriter journal(config);
  journal.append({.source = source, .receive_ns = 1}, {}, "?");
  journal.append({.source = source, .receive_ns = 1}, {}, "?");
  journal.append({.source = source, .receive_ns = 1}, {}, "A'B 5");
  journal.append({.source = SourceCode{99}, .receive_ns = 1}, {}, "AAA 5");
  journal.append({.kind = FrameKind::clock, .receive_ns = 77}, {}, {});
  mark(journal);
  Parser parser(options(), marks, events, operations);
  const auto all = drain(parser);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].reason, Reason::unknown_instrument);
  EXPECT_EQ(all[1].reason, Reason::unparsable);
  EXPECT_EQ(all[2].kind, EventKind::clock);
  EXPECT_EQ(all[2].event_ns, 77);
  const auto ignored = parser.counts().ignored_by_kind();
  ASSERT_EQ(ignored.size(), 1U);
  EXPECT_EQ(ignored[0].first, "question");
  EXPECT_EQ(ignored[0].second, 2U);
}

}  // namespace
}  // namespace tapeline
