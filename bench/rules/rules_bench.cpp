// Rules on closed bars: 200 of them on 1,000 symbols, beside the same conditions written in C++.
//
// ns_per_100_rules   per closed bar; the aim is below 2,000
#include <array>
#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "core/signals/rules/rule_set.hpp"

namespace tapeline {
namespace {

constexpr std::size_t symbols = 1'000;
constexpr std::size_t rules_per_form = 25;
constexpr std::size_t bars_of_a_symbol = 64;

/// Eight forms that users write, each with 25 thresholds.
std::vector<RuleConfig> make_rules() {
  std::vector<RuleConfig> rules;
  for (std::size_t i = 0; i < rules_per_form; ++i) {
    const double level = static_cast<double>(i);
    const std::array<std::string, 8> forms{
        fmt::format("rsi < {}", 20 + level),
        fmt::format("rsi > {} and close > bb_upper", 60 + level),
        fmt::format("abs(change_pct) >= {}", 0.5 + level / 10),
        fmt::format("close < bb_lower * {}", 1 - level / 1'000),
        fmt::format("signal == \"BUY\" and trend == \"bearish\" and volume > {}", level),
        fmt::format("crosses_above(close, sma) and rsi > {}", 40 + level),
        fmt::format("(rsi < {} for 3 bars) or percent_b < {}", 30 + level, -level / 100),
        fmt::format("max(high - low, abs(high - prev(close))) > {}", 1 + level / 5)};
    for (std::size_t form = 0; form < forms.size(); ++form) {
      rules.push_back({.name = fmt::format("r{}_{}", form, i), .when = forms[form], .hysteresis = 0, .cooldown_s = 0});
    }
  }
  return rules;
}

/// What fill_fields() would give: bars of a symbol, in order.
using Bars = std::vector<std::vector<double>>;

Bars make_bars(const FieldTable& fields) {
  std::mt19937 random(3);
  std::normal_distribution<double> step;
  Bars bars;
  double close = 100;
  for (std::size_t i = 0; i < bars_of_a_symbol; ++i) {
    std::vector<double> values(fields.size(), 0);
    const auto set = [&](std::string_view name, double value) { values[*fields.find(name)] = value; };
    close += step(random);
    set("close", close);
    set("high", close + 1);
    set("low", close - 1);
    set("volume", 10 + std::abs(step(random)) * 5);
    set("sma", 100 + step(random) / 4);
    set("rsi", 50 + 15 * step(random));
    set("bb_upper", 102);
    set("bb_lower", 98);
    set("percent_b", (close - 98) / 4);
    set("change_pct", step(random));
    set("signal", static_cast<double>(random() % 3));
    set("trend", static_cast<double>(random() % 3));
    bars.push_back(std::move(values));
  }
  return bars;
}

/// The same rules as code: what a compiler makes of them is the limit.
class Handwritten {
 public:
  explicit Handwritten(const FieldTable& fields)
      : close_(*fields.find("close")),
        high_(*fields.find("high")),
        low_(*fields.find("low")),
        volume_(*fields.find("volume")),
        sma_(*fields.find("sma")),
        rsi_(*fields.find("rsi")),
        upper_(*fields.find("bb_upper")),
        lower_(*fields.find("bb_lower")),
        percent_b_(*fields.find("percent_b")),
        change_(*fields.find("change_pct")),
        signal_(*fields.find("signal")),
        trend_(*fields.find("trend")) {}

  struct State {
    std::array<bool, 8 * rules_per_form> armed;
    std::array<std::uint32_t, rules_per_form> low_bars{};
    double close = std::nan("");
    double sma = std::nan("");
    State() { armed.fill(true); }
  };

  std::size_t update(State& state, const std::vector<double>& v) const {
    std::size_t fired = 0;
    for (std::size_t i = 0; i < rules_per_form; ++i) {
      const double level = static_cast<double>(i);
      const auto step = [&](std::size_t form, bool holds) {
        bool& armed = state.armed[form * rules_per_form + i];
        fired += holds && armed ? 1U : 0U;
        armed = !holds;
      };
      const double range = std::abs(v[high_] - state.close);
      state.low_bars[i] = v[rsi_] < 30 + level ? state.low_bars[i] + 1 : 0;
      step(0, v[rsi_] < 20 + level);
      step(1, v[rsi_] > 60 + level && v[close_] > v[upper_]);
      step(2, std::abs(v[change_]) >= 0.5 + level / 10);
      step(3, v[close_] < v[lower_] * (1 - level / 1'000));
      step(4, v[signal_] == static_cast<double>(Signal::buy) && v[trend_] == static_cast<double>(Trend::bearish) &&
                  v[volume_] > level);
      step(5, state.close <= state.sma && v[close_] > v[sma_] && v[rsi_] > 40 + level);
      step(6, state.low_bars[i] >= 3 || v[percent_b_] < -level / 100);
      step(7, !std::isnan(range) && std::max(v[high_] - v[low_], range) > 1 + level / 5);
    }
    state.close = v[close_];
    state.sma = v[sma_];
    return fired;
  }

 private:
  std::uint16_t close_, high_, low_, volume_, sma_, rsi_, upper_, lower_, percent_b_, change_, signal_, trend_;
};

struct Scene {
  FieldTable fields = bar_fields({});
  RuleSet rules = *RuleSet::compile(make_rules(), fields);
  Bars bars = make_bars(fields);
};

void set_counters(benchmark::State& state, std::size_t bars) {
  // An inverted rate is seconds: scaled to read as nanoseconds.
  state.counters["ns_per_100_rules"] =
      benchmark::Counter(static_cast<double>(bars) * static_cast<double>(8 * rules_per_form) / 100 / 1e9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

std::size_t run_rules(const Scene& scene, std::vector<RuleStates>& states) {
  std::size_t fired = 0;
  for (std::size_t bar = 0; bar < scene.bars.size(); ++bar) {
    for (RuleStates& state : states) {
      state.update(scene.rules, scene.bars[bar], static_cast<Nanos>(bar), [&](std::size_t) { ++fired; });
    }
  }
  return fired;
}

std::size_t run_handwritten(const Scene& scene, const Handwritten& rules, std::vector<Handwritten::State>& states) {
  std::size_t fired = 0;
  for (const auto& bar : scene.bars) {
    for (Handwritten::State& state : states) fired += rules.update(state, bar);
  }
  return fired;
}

void check(const Scene& scene) {
  std::vector<RuleStates> states(2, RuleStates(scene.rules, "X", 60));
  std::vector<Handwritten::State> by_hand(2);
  const std::size_t ours = run_rules(scene, states);
  const std::size_t theirs = run_handwritten(scene, Handwritten(scene.fields), by_hand);
  if (ours != theirs || ours == 0) throw std::logic_error(fmt::format("{} alerts, {} by hand", ours, theirs));
}

void rules_compiled(benchmark::State& state) {
  const Scene scene;
  check(scene);
  std::vector<RuleStates> states(symbols, RuleStates(scene.rules, "X", 60));
  std::size_t bars = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_rules(scene, states));
    bars += symbols * bars_of_a_symbol;
  }
  set_counters(state, bars);
}

void rules_handwritten(benchmark::State& state) {
  const Scene scene;
  const Handwritten rules(scene.fields);
  std::vector<Handwritten::State> states(symbols);
  std::size_t bars = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_handwritten(scene, rules, states));
    bars += symbols * bars_of_a_symbol;
  }
  set_counters(state, bars);
}

BENCHMARK(rules_compiled)->Name("rules/compiled")->Unit(benchmark::kMillisecond);
BENCHMARK(rules_handwritten)->Name("rules/handwritten")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapeline
