#include "app/backtest/search.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <stdexcept>

#include "app/backtest/parameters.hpp"

namespace tapeline::app {

using backtest::KeepEquity;
using backtest::Performance;
using backtest::Result;
using backtest::Tape;
using backtest::Window;

Search::Search(const BarSource& source, const Config& config, const std::vector<backtest::Parameter>& parameters,
               backtest::Objective objective, Told told, unsigned jobs)
    : source_(source),
      config_(config),
      parameters_(parameters),
      objective_(objective),
      told_(told),
      jobs_(jobs),
      combinations_(backtest::combinations(parameters)) {
  // Every mistake is told before the first run.
  for (const std::vector<double>& values : combinations_) static_cast<void>(config_of(values));
}

Config Search::config_of(const std::vector<double>& values) const {
  return with_parameters(config_, parameters_, values);
}

void Search::best(BacktestOutcome& outcome) const {
  std::vector<Performance> found(combinations_.size());
  if (!parameters_.empty()) {
    backtest::for_each_index(combinations_.size(), jobs_, [&](std::size_t i) {
      const Config config = config_of(combinations_[i]);
      const Tape tape = source_.judge(config, BarSource::Rules::followed);
      const Result result = backtest::run(tape, config.backtest, outcome.window,
                                          backtest::money_of(config.backtest.cash), KeepEquity::no);
      found[i] = backtest::measure(result, *tape.market, outcome.window);
    });
    std::vector<std::size_t> order(combinations_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return backtest::is_better(found[a], found[b], objective_); });
    for (const std::size_t i : order) outcome.sweep.push_back({combinations_[i], found[i]});
    outcome.chosen = outcome.sweep.front().values;
    outcome.config = config_of(outcome.chosen);
  }
  const backtest::Config& options = outcome.config.backtest;
  outcome.tape = source_.judge(outcome.config, told_.rules);
  outcome.result = backtest::run(outcome.tape, options, outcome.window, backtest::money_of(options.cash), told_.equity);
  outcome.performance = backtest::measure(outcome.result, *outcome.tape.market, outcome.window);
}

void Search::walk_forward(Nanos train_ns, Nanos test_ns, BacktestOutcome& outcome) const {
  // What is said of each bar does not hang on the window: it is computed once a combination.
  std::vector<Tape> tapes(combinations_.size());
  backtest::for_each_index(combinations_.size(), jobs_, [&](std::size_t i) {
    tapes[i] = source_.judge(config_of(combinations_[i]), BarSource::Rules::followed);
  });
  const auto folds = backtest::folds_of(*tapes.front().market, outcome.window, train_ns, test_ns);
  if (folds.empty()) {
    throw std::invalid_argument(
        "--walk-forward: the bars do not reach beyond one training window; shorten it, or read more");
  }
  std::vector<backtest::Config> options;
  for (const std::vector<double>& values : combinations_) {
    options.push_back(config_of(values).backtest);
    options.back().close_at_end = true;
  }
  Result all(backtest::money_of(config_.backtest.cash));
  backtest::Money cash = all.initial_cash;
  for (const backtest::Fold& fold : folds) {
    std::vector<Performance> trained(combinations_.size());
    backtest::for_each_index(combinations_.size(), jobs_, [&](std::size_t i) {
      const Result result =
          backtest::run(tapes[i], options[i], fold.train, backtest::money_of(options[i].cash), KeepEquity::no);
      trained[i] = backtest::measure(result, *tapes[i].market, fold.train);
    });
    std::size_t chosen = 0;
    for (std::size_t i = 1; i < trained.size(); ++i) {
      if (backtest::is_better(trained[i], trained[chosen], objective_)) chosen = i;
    }
    Result test = backtest::run(tapes[chosen], options[chosen], fold.test, cash);
    outcome.walk_forward.push_back({fold, combinations_[chosen], value_of(trained[chosen], objective_),
                                    backtest::measure(test, *tapes[chosen].market, fold.test)});
    cash = test.curve.last();
    for (const backtest::EquityPoint& point : test.equity) all.curve.add(point);
    all.bars += test.bars;
    all.slippage += test.slippage;
    std::move(test.orders.begin(), test.orders.end(), std::back_inserter(all.orders));
    std::move(test.trades.begin(), test.trades.end(), std::back_inserter(all.trades));
    all.equity.insert(all.equity.end(), test.equity.begin(), test.equity.end());
  }
  outcome.chosen = outcome.walk_forward.back().values;
  outcome.config = config_of(outcome.chosen);
  outcome.config.backtest.close_at_end = true;
  outcome.window = {folds.front().test.from_ns, folds.back().test.to_ns};
  outcome.tape = source_.judge(outcome.config, told_.rules);
  outcome.result = std::move(all);
  outcome.performance = backtest::measure(outcome.result, *outcome.tape.market, outcome.window);
}

}  // namespace tapeline::app
