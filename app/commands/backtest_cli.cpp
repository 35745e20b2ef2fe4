#include <CLI/CLI.hpp>

#include "app/commands/backtest.hpp"

namespace tapeline::app {

void add_backtest_options(CLI::App& command, BacktestOptions& options) {
  command.add_option("--source", options.source, "where the bars are from (default: csv with files, else journal)")
      ->check(CLI::IsMember({"journal", "postgres", "csv"}));
  command.add_option("files", options.files, "[SYMBOL=]FILE.csv with time, open, high, low, close and volume");
  command.add_option("--lane", options.lane, "whose journal or stored bars, or a journal's directory");
  command.add_option("--symbols", options.symbols, "only these, such as BTC-USD,ETH-USD (default: all)")
      ->delimiter(',');
  command.add_option("--feed", options.feed, "of which source, where several have a symbol, such as binance");
  command.add_option("--interval", options.interval, "length of the bars: 60, 1m, 1h, 1d (default: the shortest)");
  command.add_flag("--delivered", options.delivered, "bars that the source delivered, where there are also built ones");
  command.add_option("--from", options.from, "trade from here on: 2024-01-31 or 2024-01-31T09:30:00Z");
  command.add_option("--to", options.to, "and only until here");
  command.add_option("--calendar", options.calendar, "of files: us_equity or crypto (default: as for Yahoo)")
      ->check(CLI::IsMember({"us_equity", "crypto"}));
  command.add_option("--time-zone", options.time_zone, "of files: whose clocks their times without offset are of");
  command.add_flag("--day-first", options.day_first, "in files, 1/2/2024 is the first of February");
  command.add_option("--sweep", options.sweep, "NAME=FIRST:LAST:STEP or NAME=A,B,C, repeatable: every combination");
  command.add_option("--objective", options.objective, "what the best combination has most of")
      ->check(CLI::IsMember({"sharpe", "return", "calmar", "profit_factor", "sortino"}))
      ->capture_default_str();
  command.add_option("--walk-forward", options.walk_forward,
                     "TRAIN:TEST, such as 365d:90d: the sweep chooses on one window, the next one scores");
  command.add_option("--jobs", options.jobs, "runs of a sweep at a time (default: the number of CPUs)");
  command.add_flag("--check-lookahead", options.check_lookahead,
                   "cut the history, and see that nothing before changes");
  command.add_option("--output", options.output,
                     "write orders, trades, equity, signals and the summary to this folder");
  command.add_flag("--postgres", options.postgres, "store the run in backtest_run and its tables");
  command.add_flag("--json", options.json, "print the summary as one JSON object");
}

}  // namespace tapeline::app
