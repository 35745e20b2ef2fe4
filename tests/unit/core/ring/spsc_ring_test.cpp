#include "core/ring/spsc_ring.hpp"

#include <cstdint>
#include <stdexcept>
#include <type_traits>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

TEST(SpscRing, RefusesWhenFullAndTakesAgainAfterARelease) {
  SpscRing<int> ring(4);
  for (int i = 0; i < 4; ++i) {
    *ring.try_claim() = i;
    ring.publish();
  }
  EXPECT_EQ(ring.try_claim(), nullptr);
  EXPECT_TRUE(ring.try_claim(3).empty());
  EXPECT_EQ(ring.peek().size(), 4U);
  ring.release(1);
  ASSERT_NE(ring.try_claim(), nullptr);
  EXPECT_EQ(ring.depth_approx(), 3U);
}

TEST(SpscRing, ShowsNothingBeforeItIsPublished) {
  SpscRing<int> ring(4);
  *ring.try_claim() = 7;
  EXPECT_TRUE(ring.peek().empty());
  ring.publish();
  ASSERT_EQ(ring.peek().size(), 1U);
  EXPECT_EQ(ring.peek()[0], 7);
}

TEST(SpscRing, GivesTheSameSlotUntilItIsPublished) {
  SpscRing<int> ring(4);
  int* const slot = ring.try_claim();
  EXPECT_EQ(ring.try_claim(), slot);
}

TEST(SpscRing, HandsOutContiguousStretchesAcrossTheWrap) {
  SpscRing<int> ring(8);
  EXPECT_EQ(ring.try_claim(6).size(), 6U);
  ring.publish(6);
  ring.release(ring.peek().size());
  const auto before_wrap = ring.try_claim(5);
  ASSERT_EQ(before_wrap.size(), 2U);
  ring.publish(2);
  const auto after_wrap = ring.try_claim(5);
  ASSERT_EQ(after_wrap.size(), 5U);
  ring.publish(5);
  EXPECT_EQ(ring.peek().size(), 2U);
  ring.release(2);
  EXPECT_EQ(ring.peek().size(), 5U);
}

TEST(SpscRing, KeepsOrderWhilePositionsWrapAroundTwoToThe64) {
  SpscRing<std::uint64_t> ring(4, ~std::uint64_t{0} - 10);
  std::uint64_t read = 0;
  for (std::uint64_t written = 0; written < 100;) {
    if (std::uint64_t* slot = ring.try_claim()) {
      *slot = written++;
      ring.publish();
      continue;
    }
    for (const std::uint64_t value : ring.peek()) EXPECT_EQ(value, read++);
    ring.release(ring.peek().size());
  }
  EXPECT_GE(read, 96U);
}

TEST(SpscRing, RefusesACapacityThatIsNoPowerOfTwoAndNamesOneThatIs) {
  EXPECT_THROW(SpscRing<int>(0), std::invalid_argument);
  try {
    SpscRing<int> ring(1'000);
    FAIL() << "1000 was taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "ring capacity 1000 is not a power of two; 1024 is");
  }
}

TEST(SpscRing, CannotBeCopiedOrMoved) {
  EXPECT_FALSE(std::is_copy_constructible_v<SpscRing<int>>);
  EXPECT_FALSE(std::is_move_constructible_v<SpscRing<int>>);
  struct NeedsADestructor {
    ~NeedsADestructor() {}
  };
  EXPECT_FALSE(RingRecord<NeedsADestructor>);
}

}  // namespace
}  // namespace tapeline
