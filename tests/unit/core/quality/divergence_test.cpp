#include "core/quality/divergence.hpp"

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr Nanos second = nanos_per_second;
const QualityConfig config;

class DivergingSources : public ::testing::Test {
 protected:
  DivergingSources() {
    divergence.add_instrument(SourceCode{1}, "BTC-USD");
    divergence.add_instrument(SourceCode{2}, "ETH-USD");
    divergence.add_instrument(SourceCode{2}, "BTC-USD");
    divergence.add_instrument(SourceCode{3}, "BTC-USD");
  }
  std::optional<Divergence::Pair> update(InstrumentIndex instrument, double price) {
    return divergence.update(instrument, price, now_ns, now_ns, config);
  }

  Divergence divergence;
  Nanos now_ns = 1'000'000 * second;
};

TEST_F(DivergingSources, AreToldOnceUntilTheyAgreeAgain) {
  EXPECT_FALSE(update(0, 100));
  EXPECT_FALSE(update(2, 101));  // one percent is not above one percent
  const auto pair = update(2, 102);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->other, 0U);
  EXPECT_EQ(pair->other_source, SourceCode{1});
  EXPECT_EQ(pair->other_price, 100);
  EXPECT_DOUBLE_EQ(pair->difference_pct, 2);
  EXPECT_FALSE(update(2, 103));
  EXPECT_FALSE(update(0, 99));
  EXPECT_FALSE(update(2, 99.6));  // not yet below half of the limit
  EXPECT_FALSE(update(2, 102));
  EXPECT_FALSE(update(2, 99.4));  // it is now
  EXPECT_TRUE(update(0, 97));
}

TEST_F(DivergingSources, OfAnotherSymbolAreNotCompared) {
  EXPECT_FALSE(update(0, 100));
  EXPECT_FALSE(update(1, 3));
}

TEST_F(DivergingSources, AreComparedPairByPairTheWorstFirst) {
  EXPECT_FALSE(update(0, 100));
  EXPECT_FALSE(update(2, 100.5));
  auto pair = update(3, 110);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->other, 0U);
  pair = update(3, 110);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->other, 2U);
  EXPECT_FALSE(update(3, 110));
}

TEST_F(DivergingSources, WithAnOldPriceAreNotCompared) {
  EXPECT_FALSE(update(0, 100));
  now_ns += 60 * second;
  EXPECT_TRUE(update(2, 200));
  now_ns += second;
  EXPECT_FALSE(update(3, 100.1 * 2));
  EXPECT_FALSE(divergence.update(3, 500, now_ns - 61 * second, now_ns, config));  // received now, but a delayed quote
}

TEST_F(DivergingSources, AreLeftAloneWithoutALimit) {
  QualityConfig off;
  off.divergence_pct = 0;
  EXPECT_FALSE(divergence.update(0, 100, now_ns, now_ns, off));
  EXPECT_FALSE(divergence.update(2, 200, now_ns, now_ns, off));
}

TEST_F(DivergingSources, AreTheSameInACopy) {
  static_cast<void>(update(0, 100));
  Divergence copy = divergence;
  EXPECT_EQ(copy, divergence);
  EXPECT_EQ(copy.update(2, 102, now_ns, now_ns, config), update(2, 102));
  EXPECT_EQ(copy, divergence);
}

TEST(Divergence, LeavesOutMoreSourcesThanItCompares) {
  Divergence divergence;
  for (unsigned i = 0; i < 65; ++i) divergence.add_instrument(SourceCode{static_cast<std::uint8_t>(i)}, "X");
  EXPECT_FALSE(divergence.update(0, 100, 1, 1, config));
  EXPECT_FALSE(divergence.update(64, 200, 1, 1, config));
  EXPECT_TRUE(divergence.update(63, 200, 1, 1, config));
}

}  // namespace
}  // namespace tapeline
