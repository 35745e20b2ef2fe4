// Chooses parameters: the best of all combinations, or the best of each training window of a walk-forward.
//
// Threads   Starts as many as it is told, and joins them.
#pragma once

#include <vector>

#include "app/backtest/bar_source.hpp"
#include "app/backtest/outcome.hpp"

namespace tapeline::app {

class Search {
 public:
  /// What is told of the run that was chosen.
  struct Told {
    BarSource::Rules rules;
    backtest::KeepEquity equity;  // a walk-forward keeps it in any case
  };

  /// All outlive the search.
  Search(const BarSource& source, const Config& config, const std::vector<backtest::Parameter>& parameters,
         backtest::Objective objective, Told told, unsigned jobs);

  /// Fills tape, result, performance, and with parameters the sweep and what was chosen. `outcome` says the window.
  void best(BacktestOutcome& outcome) const;
  /// As best(), but every window of the account is one for which nothing was chosen. Throws std::invalid_argument where
  /// the bars do not fill one training window.
  void walk_forward(Nanos train_ns, Nanos test_ns, BacktestOutcome& outcome) const;

 private:
  [[nodiscard]] Config config_of(const std::vector<double>& values) const;

  const BarSource& source_;
  const Config& config_;
  const std::vector<backtest::Parameter>& parameters_;
  backtest::Objective objective_;
  Told told_;
  unsigned jobs_;
  std::vector<std::vector<double>> combinations_;
};

}  // namespace tapeline::app
