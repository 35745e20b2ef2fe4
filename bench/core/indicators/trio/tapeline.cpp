// Ours: exact integers, any lengths. The middle of the bands is the SMA, as it is for TA-Lib.
#include <cstdlib>
#include <new>
#include <vector>

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include "bench/core/indicators/trio/scenario.hpp"
#include "core/indicators/bollinger.hpp"
#include "core/indicators/rsi.hpp"

namespace tapeline::bench::trio {
namespace {

struct Kernels {
  Rsi rsi{rsi_length};
  Bollinger bands{sma_length, width};

  Values update(std::int64_t close) {
    rsi.update(close);
    bands.update(close);
    const auto now = bands.value(cents);
    return {rsi.value().value_or(0), now ? now->mid : 0, now ? now->upper : 0, now ? now->lower : 0};
  }
};

/// Memory of few, large pages: a hundred thousand states are more pages than the processor remembers.
template <class T>
struct HugePages {
  using value_type = T;
  static constexpr std::size_t page = std::size_t{2} << 20U;

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = (count * sizeof(T) + page - 1) / page * page;
    void* const memory = std::aligned_alloc(page, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, bytes, MADV_HUGEPAGE);  // refused: small ones, and slower
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) noexcept { std::free(memory); }
  friend bool operator==(HugePages, HugePages) noexcept { return true; }
};

bool checked() {
  static const bool is_right = [] {
    Kernels kernels;
    std::vector<Values> values;
    for (const std::int64_t close : closes()) values.push_back(kernels.update(close));
    return are_right(values);
  }();
  return is_right;
}

void one(benchmark::State& state) {
  if (!checked()) return state.SkipWithError("the values are wrong");
  Kernels kernels;
  for (auto _ : state) {
    for (const std::int64_t close : closes()) benchmark::DoNotOptimize(kernels.update(close));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(closes_count));
}

void batch(benchmark::State& state) {
  std::vector<Kernels> kernels(batch_series);
  std::size_t step = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch_series; ++i) {
      benchmark::DoNotOptimize(kernels[i].update(closes()[(step + i) % closes_count]));
    }
    ++step;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch_series));
}

/// Whose close comes next is known while the last one is worked on, as it is to a stage that has a ring of them before it.
void random(benchmark::State& state) {
  std::vector<Kernels, HugePages<Kernels>> kernels(many_series);
  constexpr std::size_t ahead = 8;
  std::size_t step = 0;
  const auto series_at = [](std::size_t at) { return choices()[at % choices().size()]; };
  for (auto _ : state) {
    for (std::size_t i = 0; i < 10'000; ++i, ++step) {
      const auto* next = reinterpret_cast<const char*>(&kernels[series_at(step + ahead)]);
      for (std::size_t line = 0; line < sizeof(Kernels); line += 64) __builtin_prefetch(next + line, 1);
      benchmark::DoNotOptimize(kernels[series_at(step)].update(closes()[step % closes_count]));
    }
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}

BENCHMARK(one)->Name("core/indicators/trio/one/tapeline");
BENCHMARK(batch)->Name("core/indicators/trio/batch/tapeline");
BENCHMARK(random)->Name("core/indicators/trio/random/tapeline");

}  // namespace
}  // namespace tapeline::bench::trio
