#include "core/backtest/sweep.hpp"

#include <atomic>
#include <stdexcept>

#include <gmock/gmock.h>

#include "tests/unit/core/backtest/tapes.hpp"

namespace tapeline::backtest {
namespace {

using testing::ElementsAre;

TEST(Sweep, MakesEveryCombination) {
  EXPECT_THAT(combinations({{"a", {1, 2}}, {"b", {3, 4}}}),
              ElementsAre(ElementsAre(1, 3), ElementsAre(1, 4), ElementsAre(2, 3), ElementsAre(2, 4)));
  EXPECT_THAT(combinations({}), ElementsAre(ElementsAre()));
}

TEST(Sweep, CallsEachNumberOnce) {
  for (const unsigned threads : {1U, 2U, 7U}) {
    std::vector<std::atomic<int>> called(1'000);
    for_each_index(called.size(), threads, [&](std::size_t i) { ++called[i]; });
    for (const auto& count : called) EXPECT_EQ(count, 1);
  }
  for_each_index(0, 4, [](std::size_t) { FAIL(); });
}

TEST(Sweep, ThrowsWhatACallThrows) {
  EXPECT_THROW(for_each_index(100, 3,
                              [](std::size_t i) {
                                if (i == 17) throw std::range_error("17");
                              }),
               std::range_error);
}

TEST(Sweep, TestWindowsFollowTheirTrainingWithoutHolesOrOverlap) {
  std::vector<At> bars;
  for (int minute = 0; minute < 100; ++minute) bars.push_back({0, minute, 100, 100});
  const auto folds = folds_of(*tape_of(bars).market, {}, 30 * minute_ns, 20 * minute_ns);
  ASSERT_EQ(folds.size(), 4U);
  for (std::size_t i = 0; i < folds.size(); ++i) {
    EXPECT_EQ(folds[i].train.to_ns, folds[i].test.from_ns);
    EXPECT_EQ(folds[i].train.to_ns - folds[i].train.from_ns, 30 * minute_ns);
    if (i > 0) {
      EXPECT_EQ(folds[i].test.from_ns, folds[i - 1].test.to_ns);
    }
  }
  EXPECT_EQ(folds.back().test.to_ns, 100 * minute_ns);
  EXPECT_THAT(folds_of(*tape_of(bars).market, {}, 100 * minute_ns, minute_ns), testing::IsEmpty());
  EXPECT_THAT(folds_of(*tape_of({}).market, {}, minute_ns, minute_ns), testing::IsEmpty());
}

}  // namespace
}  // namespace tapeline::backtest
