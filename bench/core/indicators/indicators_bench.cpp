// What an update of each kernel costs beside recomputing its window, and whether 100 million updates cost it any
// accuracy. A regression in the first is a kernel whose cost grows with its length; in the second, drift.
//
// Checked   before timing: what recomputes a window, against the definition. The kernels' values are what tests/conformance
//           compares, and long_accuracy after its updates.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <benchmark/benchmark.h>

#include "core/bars/custom_indicators.hpp"
#include "tests/conformance/kernels/oracle.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline::bench {
namespace {

using conformance::Bars;
using conformance::BarSeries;
using conformance::Closes;
using conformance::Dice;
using conformance::Quad;
using conformance::Series;

constexpr std::size_t series_length = 1 << 16;

/// A walk around 65000 at exponent -8.
const BarSeries& market() {
  static const BarSeries bars =
      conformance::bars_of(conformance::random_walk(series_length, 6'500'000'000'000, 3'000'000'000), 1'000'000'000);
  return bars;
}
const Series& closes() {
  static const Series closes = [] {
    Series series;
    for (const IndicatorBar& bar : market()) series.push_back(bar.close);
    return series;
  }();
  return closes;
}

template <class K>
void update_and_ask(benchmark::State& state, K kernel) {
  const BarSeries& bars = market();
  std::size_t next = 0;
  for (auto _ : state) {
    if constexpr (BarKernel<K>) {
      kernel.update(bars[next]);
    } else {
      kernel.update(bars[next].close);
    }
    benchmark::DoNotOptimize(kernel.value());
    next = (next + 1) % series_length;
  }
}

template <class Recompute, class Define>
void recompute(benchmark::State& state, std::uint32_t length, Recompute window_value, Define definition) {
  const Series& series = closes();
  const Closes window = Closes(series).last(length);
  const auto wanted = static_cast<double>(definition(window));
  if (!(std::abs(window_value(window) - wanted) <= 1e-6 * wanted)) return state.SkipWithError("the values are wrong");
  std::size_t end = length;
  for (auto _ : state) {
    benchmark::DoNotOptimize(window_value(Closes(series).subspan(end - length, length)));
    end = end == series_length ? length : end + 1;
  }
}

std::uint32_t length_of(const benchmark::State& state) { return static_cast<std::uint32_t>(state.range(0)); }

double naive_mean(Closes window) {
  double sum = 0;
  for (const std::int64_t close : window) sum += static_cast<double>(close);
  return sum / static_cast<double>(window.size());
}

double naive_sigma(Closes window) {
  const double mean = naive_mean(window);
  double squares = 0;
  for (const std::int64_t close : window) {
    const double deviation = static_cast<double>(close) - mean;
    squares += deviation * deviation;
  }
  return std::sqrt(squares / static_cast<double>(window.size()));
}

double naive_volatility(Closes window) {
  const auto log_return = [](std::int64_t from, std::int64_t to) {
    return std::log(static_cast<double>(to) / static_cast<double>(from));
  };
  const double count = static_cast<double>(window.size()) - 1;
  const double mean = log_return(window.front(), window.back()) / count;
  double squares = 0;
  for (std::size_t i = 1; i < window.size(); ++i) {
    const double deviation = log_return(window[i - 1], window[i]) - mean;
    squares += deviation * deviation;
  }
  return std::sqrt(squares / (count - 1));
}

void sma(benchmark::State& state) { update_and_ask(state, Sma(length_of(state))); }
void sma_naive(benchmark::State& state) { recompute(state, length_of(state), naive_mean, conformance::mean); }
void ema(benchmark::State& state) { update_and_ask(state, Ema(length_of(state))); }
void rsi(benchmark::State& state) { update_and_ask(state, Rsi(length_of(state))); }
void bollinger(benchmark::State& state) { update_and_ask(state, Bollinger(length_of(state), 2)); }
void bollinger_naive(benchmark::State& state) {
  recompute(state, length_of(state), naive_sigma, conformance::population_sigma);
}
void macd(benchmark::State& state) { update_and_ask(state, Macd({})); }
void atr(benchmark::State& state) { update_and_ask(state, Atr(length_of(state))); }
void vwap(benchmark::State& state) { update_and_ask(state, Vwap()); }
void volatility(benchmark::State& state) { update_and_ask(state, Volatility(length_of(state))); }
void volatility_naive(benchmark::State& state) {
  recompute(state, length_of(state) + 1, naive_volatility, conformance::sample_volatility);
}
void change_24h(benchmark::State& state) {
  update_and_ask(state, ChangeSince({.interval_ns = 3'600 * nanos_per_second}));
}
void change_session(benchmark::State& state) { update_and_ask(state, ChangeSession()); }
void volume_zscore(benchmark::State& state) { update_and_ask(state, VolumeZScore(length_of(state))); }

/// One of every kind at once, through the class that the pipeline uses.
void custom_set(benchmark::State& state) {
  std::vector<IndicatorSpec> specs;
  for (int kind = 0; kind <= static_cast<int>(IndicatorKind::volume_zscore); ++kind) {
    IndicatorSpec spec;
    spec.kind = static_cast<IndicatorKind>(kind);
    specs.push_back(spec);
  }
  CustomIndicators indicators(specs, 3'600, 8'760);
  std::vector<double> values(indicators.size());
  std::size_t next = 0;
  for (auto _ : state) {
    indicators.update(market()[next]);
    indicators.values(values);
    benchmark::DoNotOptimize(values.data());
    next = (next + 1) % series_length;
  }
}

BENCHMARK(sma)->Name("core/indicators/sma")->Arg(20)->Arg(200);
BENCHMARK(sma_naive)->Name("core/indicators/sma_naive")->Arg(20)->Arg(200);
BENCHMARK(bollinger)->Name("core/indicators/bollinger")->Arg(20)->Arg(200);
BENCHMARK(bollinger_naive)->Name("core/indicators/bollinger_naive")->Arg(20)->Arg(200);
BENCHMARK(volatility)->Name("core/indicators/volatility")->Arg(20)->Arg(200);
BENCHMARK(volatility_naive)->Name("core/indicators/volatility_naive")->Arg(20)->Arg(200);
BENCHMARK(volume_zscore)->Name("core/indicators/volume_zscore")->Arg(20)->Arg(200);
BENCHMARK(ema)->Name("core/indicators/ema")->Arg(20)->Arg(200);
BENCHMARK(rsi)->Name("core/indicators/rsi")->Arg(14)->Arg(200);
BENCHMARK(atr)->Name("core/indicators/atr")->Arg(14)->Arg(200);
BENCHMARK(macd)->Name("core/indicators/macd");
BENCHMARK(vwap)->Name("core/indicators/vwap");
BENCHMARK(change_24h)->Name("core/indicators/change_24h");
BENCHMARK(change_session)->Name("core/indicators/change_session");
BENCHMARK(custom_set)->Name("core/indicators/one_of_each_kind");

// --- 100 million updates -----------------------------------------------------------------------------------------

constexpr std::uint32_t length = 20;
constexpr std::uint32_t wilder_length = 14;
constexpr double error_max = 1e-9;

/// TAPELINE_LONG_UPDATES, for those in a hurry; 100 million.
std::uint64_t updates_of_long_run() {
  const char* text = std::getenv("TAPELINE_LONG_UPDATES");
  std::uint64_t updates = 100'000'000;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), updates);
  return std::max<std::uint64_t>(updates, 10'000);
}

/// A market without end around 65000 at exponent -8: wild, then quiet down to 1e-8 of its price, then still; now and
/// then a bad tick.
class EndlessMarket {
 public:
  IndicatorBar next() {
    const std::uint64_t phase = index_ / 5'000 % 5;
    const std::int64_t reach = std::array<std::int64_t, 5>{3'000'000'000, 40'000'000, 100'000, 0, 900'000'000}[phase];
    const std::int64_t moved = price_ + dice_.step(reach);
    if (moved > 1'600'000'000'000 && moved < 26'000'000'000'000) price_ = moved;
    const bool is_bad = index_++ % 1'000'003 == 500'000;
    const std::int64_t close = is_bad ? price_ * 1'000 : price_;
    const std::int64_t high = std::max(close, last_) + std::abs(dice_.step(reach));
    const std::int64_t low = std::min(close, last_) - std::abs(dice_.step(reach)) / 4;
    const IndicatorBar bar{.open = last_, .high = high, .low = low, .close = close};
    last_ = close;
    return bar;
  }

 private:
  Dice dice_{42};
  std::int64_t price_ = 6'500'000'000'000;
  std::int64_t last_ = price_;
  std::uint64_t index_ = 0;
};

/// The kernels after so many updates, beside the definitions.
class LongRun {
 public:
  void update(const IndicatorBar& bar) {
    sma_.update(bar.close);
    bollinger_.update(bar.close);
    volatility_.update(bar.close);
    rsi_.update(bar.close);
    ema_.update(bar.close);
    atr_.update(bar);
  }

  /// Also keeps what the definitions need. What is older than the first call weighs less than 1e-40 after `settling`.
  void update_with_oracles(const IndicatorBar& bar) {
    update(bar);
    recent_.push_back(bar.close);
    exact_rsi_.update(bar.close);
    exact_ema_.update(static_cast<Quad>(bar.close));
    exact_atr_.update(bar);
  }
  static constexpr std::uint64_t settling = 2'000;

  void compare() {
    const Closes window = Closes(recent_).last(length);
    note(0, *sma_.value(), conformance::mean(window));
    note(1, bollinger_.value()->sigma, conformance::population_sigma(window));
    note(2, *volatility_.value(), conformance::sample_volatility(Closes(recent_).last(length + 1)));
    if (rsi_.value() && exact_rsi_.value()) note(3, *rsi_.value(), *exact_rsi_.value());
    note(4, *ema_.value(), static_cast<long double>(exact_ema_.value()));
    note(5, *atr_.value(), static_cast<long double>(exact_atr_.value()));
  }

  static constexpr std::array<const char*, 6> names{"sma", "sigma", "volatility", "rsi", "ema", "atr"};
  [[nodiscard]] const std::array<double, 6>& worst() const { return worst_; }

 private:
  void note(std::size_t which, double actual, long double expected) {
    const long double difference = std::abs(static_cast<long double>(actual) - expected);
    const double error = difference == 0 ? 0 : static_cast<double>(difference / std::abs(expected));
    if (!(error <= worst_[which])) worst_[which] = error;  // so that not-a-number is the worst
  }

  Sma sma_{length};
  Bollinger bollinger_{length, 2};
  Volatility volatility_{length};
  Rsi rsi_{wilder_length};
  Ema ema_{length};
  Atr atr_{wilder_length};
  Series recent_;
  conformance::WilderIndex exact_rsi_{wilder_length};
  conformance::ExponentialMean exact_ema_{length};
  conformance::WilderRange exact_atr_{wilder_length};
  std::array<double, 6> worst_{};
};

void long_accuracy(benchmark::State& state) {
  const std::uint64_t updates = updates_of_long_run();
  const std::uint64_t compared = std::min<std::uint64_t>(1'000'000, updates / 2);
  for (auto _ : state) {
    EndlessMarket endless;
    LongRun run;
    for (std::uint64_t i = 0; i < updates; ++i) {
      const IndicatorBar bar = endless.next();
      if (i + compared + LongRun::settling < updates) {
        run.update(bar);
      } else {
        run.update_with_oracles(bar);
        if (i + compared >= updates) run.compare();
      }
    }
    std::string failed;
    std::printf("worst relative error of the last %llu of %llu updates:\n", static_cast<unsigned long long>(compared),
                static_cast<unsigned long long>(updates));
    for (std::size_t i = 0; i < LongRun::names.size(); ++i) {
      const double worst = run.worst()[i];
      std::printf("  %-10s %.3g\n", LongRun::names[i], worst);
      state.counters[LongRun::names[i]] = worst;
      if (!(worst <= error_max)) failed.append(failed.empty() ? "" : ", ").append(LongRun::names[i]);
    }
    if (!failed.empty()) state.SkipWithError((failed + " off by more than 1e-9").c_str());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(updates) * state.iterations());
}
BENCHMARK(long_accuracy)->Name("core/indicators/long_accuracy")->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace tapeline::bench
