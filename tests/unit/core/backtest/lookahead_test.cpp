#include "core/backtest/lookahead.hpp"

#include <gmock/gmock.h>

#include "tests/unit/core/backtest/tapes.hpp"

namespace tapeline::backtest {
namespace {

Tape walk() {
  std::vector<At> bars;
  std::uint64_t state = 1;
  for (int minute = 0; minute < 200; ++minute) {
    state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    bars.push_back({0, minute, 1'000, 1'000 + static_cast<std::int64_t>(state >> 60U)});
  }
  return tape_of(std::move(bars));
}

Tape shortened(const Tape& whole, std::int64_t until) {
  Tape part = whole;
  while (!part.intents.empty() && part.market->bars[part.intents.size() - 1].end_ns > until) part.intents.pop_back();
  return part;
}

TEST(Lookahead, FindsNoneWhereThereIsNone) {
  Tape whole = walk();
  for (std::size_t i = 0; i < whole.intents.size(); ++i) {
    whole.intents[i] = whole.market->bars[i].close > 1'007 ? open_long : close_long;
  }
  const auto report = check_lookahead(
      whole, {}, [&](std::int64_t until) { return shortened(whole, until); }, 16);
  EXPECT_THAT(report.findings, testing::IsEmpty());
  EXPECT_EQ(report.cuts, 16U);
  EXPECT_EQ(report.cuts_with_orders, 16U);
}

TEST(Lookahead, FindsAStrategyThatKnowsTheNextBar) {
  const Tape bare = walk();
  const auto cheat = [&](std::int64_t until) {
    Tape tape = shortened(bare, until);
    for (std::size_t i = 0; i < tape.intents.size(); ++i) {
      const bool has_next = i + 1 < tape.intents.size();
      const std::int64_t seen = tape.market->bars[has_next ? i + 1 : i].close;
      tape.intents[i] = seen > 1'007 ? open_long : close_long;
    }
    return tape;
  };
  const auto report = check_lookahead(cheat(std::numeric_limits<std::int64_t>::max()), {}, cheat, 64);
  EXPECT_THAT(report.findings, testing::Contains(testing::HasSubstr("what is wanted at")));
}

TEST(Lookahead, FindsAScaleThatIsTakenFromTheWhole) {
  // Normalising by the maximum of all closes is the classic mistake.
  const Tape bare = walk();
  const auto cheat = [&](std::int64_t until) {
    Tape tape = shortened(bare, until);
    std::int64_t most = 0;
    for (std::size_t i = 0; i < tape.intents.size(); ++i) most = std::max(most, tape.market->bars[i].close);
    for (std::size_t i = 0; i < tape.intents.size(); ++i) {
      if (tape.market->bars[i].close == most) tape.intents[i] = open_long;
    }
    return tape;
  };
  const auto report = check_lookahead(cheat(std::numeric_limits<std::int64_t>::max()), {}, cheat, 64);
  EXPECT_FALSE(report.findings.empty());
}

TEST(Lookahead, FindsBarsAndSignalsThatChange) {
  const Tape whole = walk();
  auto report = check_lookahead(
      whole, {},
      [&](std::int64_t until) {
        Tape part = shortened(whole, until);
        auto market = std::make_shared<Market>(*part.market);
        market->bars[0].close += 1;
        part.market = std::move(market);
        return part;
      },
      4);
  EXPECT_THAT(report.findings, testing::Each(testing::HasSubstr("bar A 1970-01-01T00:00:00Z is another")));
  report = check_lookahead(
      whole, {},
      [&](std::int64_t until) {
        Tape part = shortened(whole, until);
        part.signals.push_back({0, {}});
        return part;
      },
      4);
  EXPECT_THAT(report.findings, testing::Each(testing::HasSubstr("only there without the rest")));
  EXPECT_EQ(report.findings.size(), report.cuts);
}

}  // namespace
}  // namespace tapeline::backtest
