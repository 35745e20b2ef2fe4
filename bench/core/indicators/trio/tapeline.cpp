// Ours: exact integers, any lengths; a close at a time, of many series side by side, and of many at random.
#include <array>
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
          closes[group][row][lane] = trio::closes()[close_of(group * Lanes::count + lane, row)];
        }
      }
    }
  }

  /// Which of the shared closes a series has in a row.
  static std::size_t close_of(std::size_t series, std::size_t row) { return (row + series * 61) % closes_count; }

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

/// Of all series, over all rows.
bool are_all_right(Batch& batch) {
  std::vector<std::vector<Values>> values(batch_series);
  for (std::size_t row = 0; row < Batch::rows; row += batch_closes) {
    batch.compute(row);
    for (std::size_t series = 0; series < batch_series; ++series) {
      const std::size_t lane = series % Lanes::count;
      for (std::size_t i = 0; i < batch_closes; ++i) {
        const std::size_t at = series / Lanes::count * batch_closes + i;
        values[series].push_back(
            {batch.rsi[at][lane], batch.sma[at][lane], batch.upper[at][lane], batch.lower[at][lane]});
      }
    }
  }
  for (std::size_t series = 0; series < batch_series; ++series) {
    std::vector<double> of_series;
    for (std::size_t row = 0; row < Batch::rows; ++row) of_series.push_back(prices()[Batch::close_of(series, row)]);
    if (!are_right(values[series], {.prices = of_series})) return false;
  }
  return true;
}

void batch(benchmark::State& state) {
  static_assert(Batch::groups * Lanes::count == batch_series);
  Batch batch;
  if (!are_all_right(batch)) return state.SkipWithError("the values are wrong");
  std::size_t row = 0;
  for (auto _ : state) {
    batch.compute(row);
    benchmark::ClobberMemory();
    row = (row + batch_closes) % Batch::rows;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch_series * batch_closes));
}

/// The first few of many series, each with all that it has taken.
class Followed {
 public:
  void note(std::size_t series, std::size_t close, const Values& values) {
    if (series >= prices_.size()) return;
    prices_[series].push_back(prices()[close]);
    values_[series].push_back(values);
  }
  [[nodiscard]] bool are_right() const {
    for (std::size_t i = 0; i < prices_.size(); ++i) {
      if (!trio::are_right(values_[i], {.prices = prices_[i], .first = warm_up - 1})) return false;
    }
    return true;
  }

 private:
  std::array<std::vector<double>, 100> prices_;
  std::array<std::vector<Values>, 100> values_;
};

/// Whose close comes next is known while the last one is worked on, as it is to a stage that has a ring of them before it.
void random(benchmark::State& state) {
  // On large pages: a hundred thousand states are more small ones than the processor remembers.
  LongVector<Kernels> kernels(many_series);
  Followed followed;
  const auto take = [&](std::size_t series, std::size_t close) {
    followed.note(series, close, kernels[series].update(closes()[close]));
  };
  for (std::size_t i = 0; i < warm_up; ++i) {
    for (std::size_t series = 0; series < many_series; ++series) take(series, i);
  }
  for (std::size_t i = 0; i < choices_count; ++i) take(choices()[i], i % closes_count);
  if (!followed.are_right()) return state.SkipWithError("the values are wrong");
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
