#include "feeds/transport/backoff.hpp"

#include <array>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

namespace tapeline::feeds {
namespace {

constexpr Nanos first_cap_ns = nanos_per_second;
constexpr Nanos cap_ns = 30 * nanos_per_second;

TEST(Backoff, TriesAgainAtOnceFirst) {
  Backoff backoff(first_cap_ns, cap_ns);
  EXPECT_EQ(backoff.next(~std::uint64_t{0}), 0);
}

TEST(Backoff, DoublesItsCapUpToTheLimit) {
  constexpr std::array<Nanos, 8> caps_s{1, 2, 4, 8, 16, 30, 30, 30};
  Backoff backoff(first_cap_ns, cap_ns);
  EXPECT_EQ(backoff.next(0), 0);
  for (const Nanos cap_s : caps_s) {
    const Nanos cap = cap_s * nanos_per_second;
    EXPECT_EQ(backoff.next(static_cast<std::uint64_t>(cap)), cap);  // the largest value that it may draw
  }
}

TEST(Backoff, DrawsFromTheWholeRange) {
  Backoff backoff(first_cap_ns, cap_ns);
  EXPECT_EQ(backoff.next(1), 0);
  EXPECT_EQ(backoff.next(0), 0);
  std::mt19937_64 random(1);
  Nanos smallest = cap_ns;
  Nanos largest = 0;
  for (int i = 0; i < 6; ++i) (void)backoff.next(random());
  for (int i = 0; i < 10'000; ++i) {
    const Nanos delay_ns = backoff.next(random());
    ASSERT_GE(delay_ns, 0);
    ASSERT_LE(delay_ns, cap_ns);
    smallest = std::min(smallest, delay_ns);
    largest = std::max(largest, delay_ns);
  }
  EXPECT_LT(smallest, cap_ns / 100);
  EXPECT_GT(largest, cap_ns - cap_ns / 100);
}

TEST(Backoff, StartsOverAfterSuccess) {
  Backoff backoff(first_cap_ns, cap_ns);
  for (int i = 0; i < 100; ++i) (void)backoff.next(static_cast<std::uint64_t>(i));
  EXPECT_EQ(backoff.failures(), 100);
  backoff.reset();
  EXPECT_EQ(backoff.failures(), 0);
  EXPECT_EQ(backoff.next(~std::uint64_t{0}), 0);
  EXPECT_EQ(backoff.next(static_cast<std::uint64_t>(first_cap_ns)), first_cap_ns);
}

TEST(Backoff, KeepsItsCapHoweverOftenItFails) {
  Backoff backoff(first_cap_ns, cap_ns);
  for (int i = 0; i < 1'000; ++i) ASSERT_LE(backoff.next(~std::uint64_t{0}), cap_ns);
}

TEST(Backoff, TakesACapBelowItsFirst) {
  Backoff backoff(first_cap_ns, 5);
  (void)backoff.next(0);
  for (std::uint64_t random = 0; random < 20; ++random) ASSERT_LE(backoff.next(random), 5);
}

}  // namespace
}  // namespace tapeline::feeds
