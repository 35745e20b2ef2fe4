#include "core/backtest/evaluate.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace tapeline::backtest {
namespace {

std::uint16_t rule_named(const RowCatalog& catalog, const std::string& name) {
  std::string known;
  for (std::size_t i = 0; i < catalog.rules.size(); ++i) {
    if (catalog.rules[i].name() == name) return static_cast<std::uint16_t>(i);
    known += (known.empty() ? "" : ", ") + catalog.rules[i].name();
  }
  throw std::invalid_argument("[backtest] names the rule " + name +
                              ", which is not there or not enabled; there are: " + known);
}

std::size_t count_of(const std::vector<History>& histories) noexcept {
  std::size_t count = 0;
  for (const History& history : histories) count += history.bars.size();
  return count;
}

/// Numbers of all bars in the order of a tape: the histories merged by (end, series).
std::vector<std::pair<std::uint32_t, std::size_t>> merged(const std::vector<History>& histories) {
  std::vector<std::pair<std::uint32_t, std::size_t>> order;
  order.reserve(count_of(histories));
  for (std::uint32_t series = 0; series < histories.size(); ++series) {
    for (std::size_t i = 0; i < histories[series].bars.size(); ++i) order.emplace_back(series, i);
  }
  std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return histories[a.first].bars[a.second].end_ns < histories[b.first].bars[b.second].end_ns;
  });
  return order;
}

}  // namespace

Roles::Roles(const Config& config, const RowCatalog& catalog)
    : by_rule_(catalog.rules.size()), follows_signal_(config.strategy == Strategy::signal) {
  if (follows_signal_) return;
  const auto assign = [&](const std::vector<std::string>& names, Intent intent) {
    for (const std::string& name : names) by_rule_[rule_named(catalog, name)] |= intent;
  };
  assign(config.long_entry, open_long);
  assign(config.long_exit, close_long);
  assign(config.short_entry, open_short);
  assign(config.short_exit, close_short);
}

std::shared_ptr<const Market> make_market(const std::vector<History>& histories, std::uint32_t interval_s) {
  auto market = std::make_shared<Market>();
  market->interval_s = interval_s;
  for (const History& history : histories) {
    market->series.push_back({history.symbol, history.source, history.calendar->periods_per_year(interval_s)});
  }
  market->bars.reserve(count_of(histories));
  const auto add = [&](std::uint32_t series, const OpenBar& bar) {
    market->bars.push_back({bar.start_ns, bar.end_ns, bar.open, bar.close, series, bar.price_exponent});
  };
  if (histories.size() == 1) {
    for (const OpenBar& bar : histories.front().bars) add(0, bar);
  } else {
    for (const auto& [series, i] : merged(histories)) add(series, histories[series].bars[i]);
  }
  return market;
}

Tape judge(const std::vector<History>& histories, std::shared_ptr<const Market> market, const Judgement& by,
           Nanos until_ns) {
  Tape tape;
  tape.market = std::move(market);
  const LongVector<Bar>& bars = tape.market->bars;
  tape.intents.reserve(bars.size());
  BarEvaluator::Evaluation evaluation(by.catalog);
  // Without rules nobody reads more than the signal, and of a change of it what it says of itself.
  const bool has_rules = by.catalog.rules.size() > 0;
  std::vector<BarEvaluator> evaluators;
  for (const History& history : histories) {
    evaluators.emplace_back(by.catalog, by.indicators, history.symbol, tape.market->interval_s,
                            history.calendar->periods_per_year(tape.market->interval_s),
                            has_rules ? WithVolatility::yes : WithVolatility::no);
  }
  std::vector<std::size_t> next(histories.size());
  for (const Bar& bar : bars) {
    if (bar.end_ns > until_ns) break;
    const History& history = histories[bar.series];
    const std::size_t at = next[bar.series]++;
    const bool is_filled = !history.is_filled.empty() && history.is_filled[at];
    // Only indicators of the user's own ask for the session.
    const std::int64_t session = by.catalog.custom_names.empty() ? 0 : history.calendar->session_of(bar.end_ns - 1);
    const BarEvaluator::Circumstances circumstances{is_filled ? BarOrigin::filled : history.origin, session};
    BarEvaluator& evaluator = evaluators[bar.series];
    Intents of_rules = 0;
    bool is_changed = false;
    if (has_rules) {
      evaluator.evaluate(history.bars[at], circumstances, by.catalog, by.signals, evaluation);
      is_changed = evaluation.signal_changed;
      for (const std::uint16_t rule : evaluation.fired) {
        const BarRow& row = evaluation.row;
        of_rules |= by.roles.of_rule(rule);
        const double close = tapeline::to_double(Int128{row.close_mantissa}, row.price_exponent);
        tape.fired.push_back({tape.intents.size(), rule, close, row.rsi});
      }
    } else {
      is_changed = evaluator.evaluate_signal(history.bars[at], circumstances, by.signals, evaluation);
    }
    if (is_changed) tape.signals.push_back({tape.intents.size(), signal_row_of(evaluation)});
    tape.intents.push_back(by.roles.follows_signal() ? intents_of(evaluation.row.signal) : of_rules);
  }
  return tape;
}

}  // namespace tapeline::backtest
