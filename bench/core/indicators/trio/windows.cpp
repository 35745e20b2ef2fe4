// The trio once more, over windows of any length: a close must cost the same whatever the window holds.
//
// A regression here is work that grows with the window, or a window that no longer fits a cache and is walked at random.
// Checked   before timing: the last values of all three are compared with sums computed anew.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/core/indicators/trio/kernels.hpp"

namespace tapeline::bench::trio {
namespace {

void window(benchmark::State& state, std::uint32_t length) {
  Kernels kernels(length, length);
  std::vector<Values> values;
  for (const std::int64_t close : closes()) values.push_back(kernels.update(close));
  if (!are_right(values, {.first = closes_count - 1, .rsi_closes = length, .sma_closes = length}))
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
