#include "feeds/source_log.hpp"

#include <gtest/gtest.h>

namespace tapeline::feeds {
namespace {

class SourceLogTest : public testing::Test {
 protected:
  void note(std::int64_t second) { log_.note(status_, second * nanos_per_second); }

  /// All that was told since the last call, a line each, with its severity.
  std::string told() {
    std::string lines;
    for (OperationsEvent event; operations_.take(event);)
      lines += (event.severity == Severity::warning ? "! " : "- ") + event.text + "\n";
    return lines;
  }

  void fail(std::string why, std::string state) {
    ++status_.errors;
    status_.last_error = std::move(why);
    status_.state = std::move(state);
  }

  SourceStatus status_{.name = "alpha_vantage", .state = "polling"};

 private:
  Operations operations_;
  SourceLog log_{operations_};
};

TEST_F(SourceLogTest, SaysNothingOfASourceThatIsWell) {
  for (int second = 0; second < 100; ++second, ++status_.frames) note(second);
  EXPECT_EQ(told(), "");
}

TEST_F(SourceLogTest, TellsTroubleAtOnceAndItsEndOnce) {
  fail("rate limit", "waiting 60 s: rate limit");
  note(1);
  EXPECT_EQ(told(), "! alpha_vantage: waiting 60 s: rate limit\n");
  note(2);
  EXPECT_EQ(told(), "");
  ++status_.frames;
  note(3);
  note(4);
  ++status_.frames;
  note(5);
  EXPECT_EQ(told(), "- alpha_vantage is well again\n");
}

TEST_F(SourceLogTest, ARefusalThatCameAsAnAnswerIsNoEndOfTrouble) {
  fail("rate limit", "polling");
  note(1);
  EXPECT_EQ(told(), "! alpha_vantage: rate limit; now polling\n");
  ++status_.frames;
  fail("rate limit", "polling");
  note(2);
  EXPECT_EQ(told(), "");
}

TEST_F(SourceLogTest, TroubleThatGoesOnIsToldNowAndThenAndItsCountIsWhole) {
  for (int second = 0; second <= 60; ++second) {
    fail("connection refused", "connecting");
    note(second);
  }
  EXPECT_EQ(told(),
            "! alpha_vantage: connection refused; now connecting\n"
            "! alpha_vantage: connection refused; now connecting (30 errors since the last word of it)\n"
            "! alpha_vantage: connection refused; now connecting (30 errors since the last word of it)\n");
}

TEST_F(SourceLogTest, ErrorsOfAQuietTimeAreToldWhenItIsOver) {
  fail("connection refused", "connecting");
  note(0);
  fail("timeout", "connecting");
  note(1);
  EXPECT_EQ(told(), "! alpha_vantage: connection refused; now connecting\n");
  note(30);
  EXPECT_EQ(told(), "! alpha_vantage: timeout; now connecting\n");
}

TEST_F(SourceLogTest, TellsAnUnknownSymbolOnce) {
  status_.unknown_symbols = {"IBN"};
  note(1);
  note(2);
  EXPECT_EQ(
      told(),
      "! alpha_vantage does not know IBN, or trades it no more; mend sources.alpha_vantage.symbols: tapeline symbols "
      "search finds its names. All other symbols are asked for as usual\n");
}

}  // namespace
}  // namespace tapeline::feeds
