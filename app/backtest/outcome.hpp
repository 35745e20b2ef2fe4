// What a backtest has found, for whoever shows, writes or stores it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config/config.hpp"
#include "core/backtest/lookahead.hpp"
#include "core/backtest/performance.hpp"
#include "core/backtest/sweep.hpp"
#include "core/stages/row_catalog.hpp"

namespace tapeline::app {

struct SweepRow {
  std::vector<double> values;  // of the parameters
  backtest::Performance performance;
};

struct WalkForwardRow {
  backtest::Fold fold;
  std::vector<double> values;  // chosen on the training window
  std::optional<double> train_value;
  backtest::Performance test;
};

struct BacktestOutcome {
  Config config;  // of the run: with the best parameters where there was a sweep
  std::string configuration_hash;
  std::string source;
  backtest::Window window;
  std::shared_ptr<const RowCatalog> catalog;
  backtest::Tape tape;
  backtest::Result result{0};
  backtest::Performance performance;
  std::vector<backtest::Parameter> parameters;
  std::vector<double> chosen;  // of the parameters
  backtest::Objective objective{};
  std::vector<SweepRow> sweep;  // best first
  std::vector<WalkForwardRow> walk_forward;
  std::optional<backtest::LookaheadReport> lookahead;
  std::vector<std::string> remarks;
};

/// summary.json (docs/backtest.md).
[[nodiscard]] std::string summary_json(const BacktestOutcome& outcome);
/// For a terminal.
[[nodiscard]] std::string outcome_text(const BacktestOutcome& outcome);
/// orders.csv, trades.csv, ... into a folder, which is made. Throws std::runtime_error where it cannot be written.
void write_outcome(const BacktestOutcome& outcome, const std::string& directory);
/// Into backtest_run and its tables, in one transaction; the number of the run. Throws std::runtime_error.
std::string store_outcome(const BacktestOutcome& outcome, const Secret& dsn, int call_timeout_ms);

/// Names and values of a performance, in the order of the documentation: as JSON values.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> performance_values(
    const backtest::Performance& performance);

}  // namespace tapeline::app
