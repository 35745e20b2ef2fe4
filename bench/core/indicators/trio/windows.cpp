// The trio once more, over windows of any length: a close must cost the same whatever the window holds.
//
// A regression here is work that grows with the window, or a window that no longer fits a cache and is walked at random.
// Checked   before timing: the middle of the bands against the mean of the last closes, computed anew.
#include <cmath>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/core/indicators/trio/kernels.hpp"

namespace tapeline::bench::trio {
namespace {

void window(benchmark::State& state, std::uint32_t length) {
  Kernels kernels(length, length);
  Values last{};
  for (const std::int64_t close : closes()) last = kernels.update(close);
  long double mean = 0;
  for (std::size_t i = closes_count - length; i < closes_count; ++i) mean += closes()[i];
  mean /= static_cast<long double>(length) * cents;
  if (std::fabs(static_cast<long double>(last.sma) - mean) > 1e-9L * mean)
    return state.SkipWithError("the values are wrong");
  for (auto _ : state) {
    for (const std::int64_t close : closes()) benchmark::DoNotOptimize(kernels.update(close));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(closes_count));
}

BENCHMARK_CAPTURE(window, 20, 20)->Name("core/indicators/window/length_20");
BENCHMARK_CAPTURE(window, 200, 200)->Name("core/indicators/window/length_200");
BENCHMARK_CAPTURE(window, 2000, 2'000)->Name("core/indicators/window/length_2000");
BENCHMARK_CAPTURE(window, 20000, 20'000)->Name("core/indicators/window/length_20000");

}  // namespace
}  // namespace tapeline::bench::trio
