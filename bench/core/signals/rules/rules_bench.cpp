// Rules on closed bars: 200 of them on 1,000 symbols, round robin, beside the same rules written in C++.
//
// Every symbol is at another place of a long walk: where neighbours saw the same bar, the processor would foretell the
// verdicts, and everything would seem twice as fast.
// compiled     no hysteresis; handwritten is the same, and the limit
// hysteresis   as users have it: most rules with some, so that they are armed and disarmed
// ns_per_100_rules   per closed bar; the aim is below 2,000
//
// Checked   before timing: on the same bars the same rules fire, compiled and by hand. With hysteresis they have no peer.
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
constexpr std::size_t walk_stride = 1'237;
constexpr std::size_t bars_made = 8'192;  // of the walk that the symbols share

/// Eight forms that users write, each with 25 thresholds.
std::vector<RuleConfig> make_rules(double hysteresis) {
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
      rules.push_back({.name = fmt::format("r{}_{}", form, i),
                       .when = forms[form],
                       .hysteresis = form == 4 ? 0 : hysteresis,
                       .cooldown_s = 0});
    }
  }
  return rules;
}

/// What fill_fields() would give, bar after bar of a walk.
using Bars = std::vector<std::vector<double>>;

Bars make_bars(const FieldTable& fields) {
  std::mt19937 random(3);
  std::normal_distribution<double> step;
  Bars bars;
  double close = 100;
  for (std::size_t i = 0; i < bars_made; ++i) {
    std::vector<double> values(fields.size(), 0);
    const auto set = [&](std::string_view name, double value) { values[*fields.find(name)] = value; };
    close = 100 + 0.97 * (close - 100) + step(random);
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

  template <class OnFire>
  void update(State& state, const std::vector<double>& v, OnFire on_fire) const {
    for (std::size_t i = 0; i < rules_per_form; ++i) {
      const double level = static_cast<double>(i);
      const auto step = [&](std::size_t form, bool holds) {
        bool& armed = state.armed[form * rules_per_form + i];
        if (holds && armed) on_fire(i * 8 + form);
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
  }

 private:
  std::uint16_t close_, high_, low_, volume_, sma_, rsi_, upper_, lower_, percent_b_, change_, signal_, trend_;
};

struct Scene {
  explicit Scene(double hysteresis) : rules(*RuleSet::compile(make_rules(hysteresis), fields)) {}

  FieldTable fields = bar_fields({});
  RuleSet rules;
  Bars bars = make_bars(fields);

  const std::vector<double>& bar(std::size_t symbol, std::size_t round) const {
    return bars[(symbol * walk_stride + round) % bars.size()];
  }
};

void set_counters(benchmark::State& state, std::size_t bars) {
  // An inverted rate is seconds: scaled to read as nanoseconds.
  state.counters["ns_per_100_rules"] =
      benchmark::Counter(static_cast<double>(bars) * static_cast<double>(8 * rules_per_form) / 100 / 1e9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetItemsProcessed(static_cast<std::int64_t>(bars));
}

std::size_t run_rules(const Scene& scene, std::vector<RuleStates>& states) {
  std::size_t fired = 0;
  for (std::size_t round = 0; round < bars_of_a_symbol; ++round) {
    for (std::size_t symbol = 0; symbol < states.size(); ++symbol) {
      states[symbol].update(scene.rules, scene.bar(symbol, round), static_cast<Nanos>(round),
                            [&](std::size_t) { ++fired; });
    }
  }
  return fired;
}

std::size_t run_handwritten(const Scene& scene, const Handwritten& rules, std::vector<Handwritten::State>& states) {
  std::size_t fired = 0;
  for (std::size_t round = 0; round < bars_of_a_symbol; ++round) {
    for (std::size_t symbol = 0; symbol < states.size(); ++symbol) {
      rules.update(states[symbol], scene.bar(symbol, round), [&](std::size_t) { ++fired; });
    }
  }
  return fired;
}

/// Both must fire the same rules on the same bars.
void compare_results() {
  const Scene scene(0);
  const Handwritten by_hand(scene.fields);
  std::size_t fired = 0;
  for (std::size_t symbol = 0; symbol < symbols; symbol += 10) {
    RuleStates states(scene.rules, "X", 60);
    Handwritten::State state;
    for (std::size_t round = 0; round < bars_of_a_symbol; ++round) {
      std::vector<std::size_t> ours;
      std::vector<std::size_t> theirs;
      const auto& bar = scene.bar(symbol, round);
      states.update(scene.rules, bar, static_cast<Nanos>(round), [&](std::size_t rule) { ours.push_back(rule); });
      by_hand.update(state, bar, [&](std::size_t rule) { theirs.push_back(rule); });
      if (ours != theirs) throw std::logic_error(fmt::format("other rules by hand, bar {} of {}", round, symbol));
      fired += ours.size();
    }
  }
  if (fired == 0) throw std::logic_error("no rule has fired");
}

void run_scene(benchmark::State& state, const Scene& scene) {
  std::vector<RuleStates> states(symbols, RuleStates(scene.rules, "X", 60));
  std::size_t bars = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_rules(scene, states));
    bars += symbols * bars_of_a_symbol;
  }
  set_counters(state, bars);
}

void rules_compiled(benchmark::State& state) {
  compare_results();
  run_scene(state, Scene(0));
}

void rules_hysteresis(benchmark::State& state) { run_scene(state, Scene(0.5)); }

void rules_handwritten(benchmark::State& state) {
  compare_results();
  const Scene scene(0);
  const Handwritten rules(scene.fields);
  std::vector<Handwritten::State> states(symbols);
  std::size_t bars = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_handwritten(scene, rules, states));
    bars += symbols * bars_of_a_symbol;
  }
  set_counters(state, bars);
}

BENCHMARK(rules_compiled)->Name("core/signals/rules/compiled")->Unit(benchmark::kMillisecond);
BENCHMARK(rules_hysteresis)->Name("core/signals/rules/hysteresis")->Unit(benchmark::kMillisecond);
BENCHMARK(rules_handwritten)->Name("core/signals/rules/handwritten")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapeline
