// After construction the indicators of a series allocate nothing.
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "core/bars/custom_indicators.hpp"
#include "core/indicators/indicator_set.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// noinline: GCC 12 would otherwise see malloc meet delete and warn
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);  // a count; nothing hangs on its order
  if (void* place = std::malloc(bytes == 0 ? 1 : bytes)) return place;
  throw std::bad_alloc();
}
// Under the address sanitizer the array forms do not go through the others.
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void operator delete[](void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete[](void* place, std::size_t) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept { std::free(place); }

namespace tapeline {
namespace {

TEST(IndicatorSet, AllocatesOnlyWhenMade) {
  std::uint64_t before = allocations.load();
  IndicatorSet set(IndicatorsConfig{.sma_length = 50}, 365);  // short windows lie inside
  EXPECT_GT(allocations.load(), before);

  before = allocations.load();
  bool always_defined = true;
  for (std::int64_t i = 0; i < 100; ++i) set.update(10'000 + i % 7, -2);
  set.update(100'001, -3);                 // finer: all is rescaled
  set.update(900'000'000'000'000'000, 0);  // does not fit: all starts again
  for (std::int64_t i = 0; i < 100; ++i) {
    set.update(10'000 + i % 7, 0);
    always_defined = always_defined && set.values().change == set.values().change;
    always_defined = always_defined && set.peek(10'001, 0).bars_seen == set.bars_seen() + 1;
  }
  const std::uint64_t made = allocations.load() - before;
  EXPECT_EQ(made, 0U);
  EXPECT_EQ(set.resets(), 1U);
  EXPECT_TRUE(always_defined);
}

TEST(CustomIndicators, AllocateOnlyWhenMade) {
  std::vector<IndicatorSpec> specs;
  for (int kind = 0; kind <= static_cast<int>(IndicatorKind::volume_zscore); ++kind) {
    specs.emplace_back().kind = static_cast<IndicatorKind>(kind);
  }
  CustomIndicators indicators(specs, 3'600, 8'760);
  std::vector<double> values(indicators.size());
  IndicatorBar bar{.open = 100, .high = 103, .low = 98, .close = 101, .price_exponent = -2, .volume = 7};

  const std::uint64_t before = allocations.load();
  for (int i = 0; i < 200; ++i) {
    bar.close = 98 + i % 6;
    bar.end_ns += 3'600 * nanos_per_second;
    bar.session = i / 24;
    if (i == 100) bar.price_exponent = -3;   // finer: all is rescaled
    if (i == 150) bar.price_exponent = -30;  // does not fit: all starts again
    indicators.update(bar);
    indicators.values(values);
  }
  const std::uint64_t made = allocations.load() - before;
  EXPECT_EQ(made, 0U);
  EXPECT_EQ(indicators.resets(), 1U);
}

}  // namespace
}  // namespace tapeline
