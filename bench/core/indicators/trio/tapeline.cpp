// Ours: exact integers, any lengths; a close at a time, of many series side by side, and of many at random.
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/core/indicators/trio/kernels.hpp"
#include "core/base/huge_pages.hpp"
#include "core/indicators/lanes.hpp"

namespace tapeline::bench::trio {
namespace {

/// Closes before every value is defined.
constexpr std::size_t warm_up = sma_length;

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

/// The closes of `batch_series` series, in groups that are computed side by side.
struct Batch {
  static constexpr std::size_t groups = batch_series / Lanes::count;
  static constexpr std::size_t rows = 512;

  Batch() : closes(groups, std::vector<Lanes::Row>(rows)), lanes(groups, Lanes(rsi_length, sma_length, width)) {
    units.fill(cents);
    for (std::size_t group = 0; group < groups; ++group) {
      for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t lane = 0; lane < Lanes::count; ++lane) {
          closes[group][row][lane] = trio::closes()[(row + (group * Lanes::count + lane) * 61) % closes_count];
        }
      }
    }
  }

  /// The next closes of every series, from `row` on.
  void compute(std::size_t row) {
    for (std::size_t group = 0; group < groups; ++group) {
      const std::size_t at = group * batch_closes;
      lanes[group].consume(std::span(closes[group]).subspan(row, batch_closes), units,
                           {rsi[at].data(), sma[at].data(), upper[at].data(), lower[at].data(), Lanes::count});
    }
  }

  std::vector<std::vector<Lanes::Row>> closes;
  std::vector<Lanes> lanes;
  Lanes::Values units{};
  std::vector<Lanes::Values> rsi = std::vector<Lanes::Values>(groups * batch_closes);
  std::vector<Lanes::Values> sma = rsi, upper = rsi, lower = rsi;
};

void batch(benchmark::State& state) {
  static_assert(Batch::groups * Lanes::count == batch_series);
  Batch batch;
  // The first series is the one that the others are compared by.
  std::vector<Values> values;
  for (std::size_t row = 0; row < Batch::rows; row += batch_closes) {
    batch.compute(row);
    for (std::size_t i = 0; i < batch_closes; ++i) {
      values.push_back({batch.rsi[i][0], batch.sma[i][0], batch.upper[i][0], batch.lower[i][0]});
    }
  }
  if (!are_right(values)) return state.SkipWithError("the values are wrong");
  std::size_t row = 0;
  for (auto _ : state) {
    batch.compute(row);
    benchmark::ClobberMemory();
    row = (row + batch_closes) % Batch::rows;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch_series * batch_closes));
}

/// Whose close comes next is known while the last one is worked on, as it is to a stage that has a ring of them before it.
void random(benchmark::State& state) {
  // On large pages: a hundred thousand states are more small ones than the processor remembers.
  LongVector<Kernels> kernels(many_series);
  for (std::size_t i = 0; i < warm_up; ++i) {
    for (Kernels& series : kernels) series.update(closes()[i]);
  }
  constexpr std::size_t ahead = 32;
  const std::uint32_t* const chosen = choices().data();
  const std::int64_t* const close = closes().data();
  std::size_t step = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < 10'000; ++i, ++step) {
      const auto* next = reinterpret_cast<const char*>(&kernels[chosen[(step + ahead) % choices_count]]);
      for (std::size_t line = 0; line < sizeof(Kernels); line += 64) __builtin_prefetch(next + line, 1);
      benchmark::DoNotOptimize(kernels[chosen[step % choices_count]].update(close[step % closes_count]));
    }
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}

BENCHMARK(one)->Name("core/indicators/trio/one/tapeline");
BENCHMARK(batch)->Name("core/indicators/trio/batch/tapeline");
BENCHMARK(random)->Name("core/indicators/trio/random/tapeline");

}  // namespace
}  // namespace tapeline::bench::trio
