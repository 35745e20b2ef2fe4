// The gate allocates for an instrument, and nothing for what the instrument delivers.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "core/quality/gate.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// noinline: GCC 12 would otherwise see malloc meet delete and warn
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);  // a count; nothing hangs on its order
  if (void* place = std::malloc(bytes == 0 ? 1 : bytes)) return place;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept { std::free(place); }

namespace tapeline {
namespace {

TEST(QualityGate, AllocatesOnlyForInstruments) {
  QualityGate gate{QualityConfig{}};
  std::uint64_t before = allocations.load();
  gate.add_instrument(SourceCode{1}, "BTC-USD");
  gate.add_instrument(SourceCode{2}, "BTC-USD");
  EXPECT_GT(allocations.load(), before);

  before = allocations.load();
  std::size_t findings = 0;
  MarketEvent tick{};
  tick.kind = EventKind::tick;
  for (std::uint64_t i = 1; i <= 2'000; ++i) {
    tick.instrument = i % 2;
    tick.receive_ns = tick.event_ns = static_cast<Nanos>(i) * nanos_per_second;
    tick.price_mantissa = i % 30 < 2 ? 5'000 : 10'000 + static_cast<std::int64_t>(i % 2) * 300;
    tick.price_exponent = -2;
    tick.trade_id = i % 10 == 0 ? i - 2 : i + i % 7;
    findings += gate.roll(tick.instrument, tick.receive_ns).has_value() ? 1U : 0U;
    findings += gate.check(tick).size();
    findings += gate.check_silence(0, tick.receive_ns).has_value() ? 1U : 0U;
  }
  const std::uint64_t after = allocations.load();
  EXPECT_EQ(after, before);
  EXPECT_GT(findings, 100U);
}

}  // namespace
}  // namespace tapeline
