#include "app/backtest/history_source.hpp"

#include <algorithm>

namespace tapeline::app {

HistorySource::HistorySource(std::vector<backtest::History> histories, std::uint32_t interval_s,
                             std::vector<std::string> remarks)
    : histories_(std::move(histories)),
      market_(backtest::make_market(histories_, interval_s)),
      remarks_(std::move(remarks)) {}

backtest::Tape HistorySource::judge(const Config& config, Rules rules, std::int64_t until) const {
  const bool needs_rules = rules == Rules::all || config.backtest.strategy == backtest::Strategy::rules;
  const auto catalog = make_row_catalog(config.indicators, needs_rules ? config.rules : std::vector<RuleConfig>{}, "");
  const backtest::Roles roles(config.backtest, *catalog);
  return backtest::judge(histories_, market_, {config.indicators, config.signals, *catalog, roles}, until);
}

}  // namespace tapeline::app
