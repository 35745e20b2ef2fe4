// Closed bars to a tape: every bar through the evaluator that judges it live.
//
// Failure   Throws std::invalid_argument for a rule that the strategy names and the configuration has not.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/backtest/config.hpp"
#include "core/backtest/tape.hpp"
#include "core/bars/config.hpp"
#include "core/bars/open_bar.hpp"
#include "core/bars/trading_calendar.hpp"
#include "core/base/huge_pages.hpp"
#include "core/stages/bar_evaluator.hpp"
#include "core/stages/row_catalog.hpp"

namespace tapeline::backtest {

/// Which rules mean what to the strategy.
class Roles {
 public:
  Roles(const Config& config, const RowCatalog& catalog);
  [[nodiscard]] Intents of_rule(std::uint16_t rule) const noexcept { return by_rule_[rule]; }
  [[nodiscard]] bool follows_signal() const noexcept { return follows_signal_; }

 private:
  std::vector<Intents> by_rule_;
  bool follows_signal_;
};

/// The bars of one instrument, ascending, as a source delivered them or as they were stored.
struct History {
  std::string symbol;
  std::string source;
  std::shared_ptr<const TradingCalendar> calendar;
  LongVector<OpenBar> bars;
  BarOrigin origin = BarOrigin::source;
  std::vector<bool> is_filled{};  // of each bar; empty: none is
};

/// What the strategy trades of the histories, without what it thinks of it.
[[nodiscard]] std::shared_ptr<const Market> make_market(const std::vector<History>& histories,
                                                        std::uint32_t interval_s);

struct Judgement {
  const IndicatorsConfig& indicators;
  const SignalsConfig& signals;
  const RowCatalog& catalog;
  const Roles& roles;
};
/// `market` is that of the histories. Only bars that end at or before `until_ns` are looked at: a shorter history.
[[nodiscard]] Tape judge(const std::vector<History>& histories, std::shared_ptr<const Market> market,
                         const Judgement& by, Nanos until_ns);

}  // namespace tapeline::backtest
