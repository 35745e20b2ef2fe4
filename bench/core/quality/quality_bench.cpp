// What the quality gate costs a tick. The ordinary tick is the next trade of its instrument, a little away from the last
// price; a regression there is felt by all. The others show what a tick costs that wants a closer look.
//
// Checked   after the timed part: of ordinary ticks there was nothing to say. What there is to say of others,
//           tests/unit/core/quality compares.
#include <cstddef>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/quality/gate.hpp"

namespace tapeline::bench {
namespace {

constexpr std::size_t ticks_count = 1U << 16U;
constexpr Nanos tick_gap_ns = 100 * nanos_per_microsecond;

constexpr double ordinary_move = 1e-4;

struct Tape {
  std::size_t instruments = 1;
  double move = ordinary_move;  // of the price, at most, from tick to tick
};

/// A random walk of trades, spread over the instruments in a fixed disorder.
std::vector<MarketEvent> trades(const Tape& tape) {
  std::vector<MarketEvent> ticks(ticks_count);
  std::vector<double> prices(tape.instruments, 61'837.63);
  std::vector<std::uint64_t> ids(tape.instruments, 0);
  std::uint64_t random = 88'172'645'463'325'252;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    random ^= random << 13U;
    random ^= random >> 7U;
    random ^= random << 17U;
    const auto instrument = static_cast<InstrumentIndex>((random >> 32U) % tape.instruments);
    const double step = static_cast<double>(random % 2'001) / 1'000 - 1;
    double& price = prices[instrument];
    price += price * step * tape.move - (price - 61'837.63) * 0.001;
    MarketEvent& tick = ticks[i];
    tick = {};
    tick.kind = EventKind::tick;
    tick.instrument = instrument;
    tick.receive_ns = tick.event_ns = static_cast<Nanos>(i) * tick_gap_ns;
    tick.price_mantissa = static_cast<std::int64_t>(price * 100);
    tick.price_exponent = -2;
    tick.trade_id = ++ids[instrument];
  }
  return ticks;
}

void run(benchmark::State& state, const Tape& tape) {
  std::vector<MarketEvent> ticks = trades(tape);
  QualityGate gate{QualityConfig{}};
  std::vector<std::uint64_t> ids(tape.instruments, 0);
  for (std::size_t i = 0; i < tape.instruments; ++i) {
    gate.add_instrument(SourceCode{1}, "S" + std::to_string(i));
  }
  for (const MarketEvent& tick : ticks) ++ids[tick.instrument];
  std::uint64_t findings = 0;
  std::uint64_t minutes = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (const MarketEvent& tick : ticks) {
      minutes += gate.roll(tick.instrument, tick.receive_ns).has_value() ? 1U : 0U;
      findings += gate.check(tick).size();
    }
    state.PauseTiming();
    for (MarketEvent& tick : ticks) {
      tick.trade_id += ids[tick.instrument];
      tick.receive_ns = tick.event_ns += Nanos{ticks_count} * tick_gap_ns;
    }
    state.ResumeTiming();
  }
  benchmark::DoNotOptimize(minutes);
  const auto checked = static_cast<double>(state.iterations()) * static_cast<double>(ticks.size());
  state.counters["findings"] = static_cast<double>(findings) / checked;
  if (tape.move == ordinary_move && findings != 0) state.SkipWithError("an ordinary tick was found remarkable");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(ticks.size()));
}

void ordinary_tick(benchmark::State& state) { run(state, {.instruments = static_cast<std::size_t>(state.range(0))}); }
BENCHMARK(ordinary_tick)->Name("core/quality/ordinary_tick")->Arg(1)->Arg(10)->Arg(1'000);

/// Moves of up to 2 % from tick to tick: the medians are looked at every time.
void wild_tick(benchmark::State& state) { run(state, {.instruments = 10, .move = 0.02}); }
BENCHMARK(wild_tick)->Name("core/quality/wild_tick");

}  // namespace
}  // namespace tapeline::bench
