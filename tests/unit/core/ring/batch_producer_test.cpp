#include "core/ring/batch_producer.hpp"

#include <cstdint>
#include <thread>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

TEST(BatchProducer, ShowsNothingBeforeItIsPublished) {
  SpscRing<int> ring(64);
  BatchProducer<int> producer(ring);
  for (int i = 0; i < 3; ++i) {
    *producer.try_claim() = i;
    producer.advance();
  }
  *producer.try_claim() = 3;  // claimed, and not filled yet
  EXPECT_TRUE(ring.peek().empty());
  producer.publish();
  ASSERT_EQ(ring.peek().size(), 3U);
  EXPECT_EQ(ring.peek()[2], 2);
}

TEST(BatchProducer, GivesTheSameSlotUntilItIsFilled) {
  SpscRing<int> ring(4);
  BatchProducer<int> producer(ring);
  int* const slot = producer.try_claim();
  EXPECT_EQ(producer.try_claim(), slot);
  producer.publish();
  EXPECT_EQ(producer.try_claim(), slot);
}

TEST(BatchProducer, PublishesAFullBatchByItself) {
  SpscRing<int> ring(4 * BatchProducer<int>::batch_max);
  BatchProducer<int> producer(ring);
  for (std::size_t i = 0; i < BatchProducer<int>::batch_max; ++i) {
    ASSERT_NE(producer.try_claim(), nullptr);
    producer.advance();
  }
  ASSERT_NE(producer.try_claim(), nullptr);
  EXPECT_EQ(ring.peek().size(), BatchProducer<int>::batch_max);
}

TEST(BatchProducer, ShowsEverythingWhenTheRingIsFull) {
  SpscRing<int> ring(4);
  BatchProducer<int> producer(ring);
  for (int i = 0; i < 4; ++i) {
    *producer.try_claim() = i;
    producer.advance();
  }
  EXPECT_EQ(producer.try_claim(), nullptr);
  EXPECT_EQ(ring.peek().size(), 4U);
  ring.release(1);
  EXPECT_NE(producer.try_claim(), nullptr);
}

TEST(BatchProducer, LosesAndReordersNothingBetweenTwoThreads) {
  constexpr std::uint64_t count = 200'000;
  SpscRing<std::uint64_t> ring(128);
  std::thread writing([&ring] {
    BatchProducer<std::uint64_t> producer(ring);
    for (std::uint64_t next = 0; next < count;) {
      if (std::uint64_t* slot = producer.try_claim()) {
        *slot = next++;
        producer.advance();
        if (next % 7 == 0) producer.publish();
      } else {
        std::this_thread::yield();
      }
    }
    producer.publish();
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t expected = 0; expected < count;) {
    const auto ready = ring.peek();
    for (const std::uint64_t value : ready) wrong += value == expected++ ? 0U : 1U;
    ring.release(ready.size());
    if (ready.empty()) std::this_thread::yield();
  }
  writing.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace tapeline
