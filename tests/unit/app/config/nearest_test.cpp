#include "app/config/nearest.hpp"

#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

const std::vector<std::string> words{"enabled", "symbols", "lateness_ms", "poll_seconds"};

TEST(Nearest, FindsWhatIsFewEditsAway) {
  EXPECT_EQ(nearest("sybmols", words), "symbols");
  EXPECT_EQ(nearest("symbol", words), "symbols");
  EXPECT_EQ(nearest("enable", words), "enabled");
  EXPECT_EQ(nearest("latenes_s", words), "lateness_ms");
  EXPECT_EQ(nearest("poll_second_s", words), "poll_seconds");
}

TEST(Nearest, FindsNothingFarAway) {
  EXPECT_EQ(nearest("colour", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest("symbols", {}), "");
}

TEST(Nearest, AWordWithoutASharedLetterWasNotMeant) {
  EXPECT_EQ(nearest("xy", {"ab", "xa"}), "xa");
  EXPECT_EQ(nearest("xy", {"ab"}), "");
}

TEST(Nearest, TheNearerOneWins) { EXPECT_EQ(nearest("rux", {"rnn", "run"}), "run"); }

}  // namespace
}  // namespace tapeline::app
