// `tapeline backtest`: what the configured signals or rules would have earned (docs/backtest.md).
//
// Failure   Returns 1 where the look-ahead check has found something, else 0. Mistakes are thrown, each with its cure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace CLI {
class App;
}

namespace tapeline::app {

struct BacktestOptions {
  std::string config_file;
  std::string source;              // "journal", "postgres" or "csv"; empty: csv where files are named, else journal
  std::vector<std::string> files;  // [SYMBOL=]FILE
  std::string lane;                // empty: the configuration's
  std::vector<std::string> symbols;
  std::string feed;
  std::string interval;
  bool delivered = false;
  std::string from, to;
  std::string calendar, time_zone;  // of files
  bool day_first = false;
  std::vector<std::string> sweep;
  std::string walk_forward;  // TRAIN:TEST
  std::string objective = "sharpe";
  unsigned jobs = 0;  // 0: as many as there are CPUs
  bool check_lookahead = false;
  std::string output;
  bool postgres = false;
  bool json = false;
};

void add_backtest_options(CLI::App& command, BacktestOptions& options);
[[nodiscard]] int run_backtest(const BacktestOptions& options);

}  // namespace tapeline::app
