#include "app/config/bind_backtest.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/config/nearest.hpp"

namespace tapeline::app {

void bind_backtest(Section& section, const std::vector<RuleConfig>& rules, backtest::Config& config) {
  using backtest::Direction;
  using backtest::Fill;
  using backtest::Sizing;
  using backtest::Strategy;
  section.word("strategy", config.strategy, {{"signal", Strategy::signal}, {"rules", Strategy::rules}});
  std::vector<std::string> names;
  for (const RuleConfig& rule : rules) {
    if (rule.enabled) names.push_back(rule.name);
  }
  const auto bind_rules = [&](const char* key, std::vector<std::string>& named) {
    section.texts(key, named);
    for (const std::string& name : named) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      const std::string meant = nearest(name, names);
      section.complain(key, fmt::format("names {}, which is no enabled rule{}; there are: {}", name,
                                        meant.empty() ? "" : ", did you mean " + meant + "?", fmt::join(names, ", ")));
    }
  };
  bind_rules("long_entry", config.long_entry);
  bind_rules("long_exit", config.long_exit);
  bind_rules("short_entry", config.short_entry);
  bind_rules("short_exit", config.short_exit);
  const bool has_entry = !config.long_entry.empty() || !config.short_entry.empty();
  if (config.strategy == Strategy::rules && !has_entry) {
    section.complain("long_entry", "is empty, and short_entry too; name the rules at which a position is opened");
  }
  section.word("direction", config.direction,
               {{"long", Direction::long_only}, {"short", Direction::short_only}, {"both", Direction::both}});
  section.word("fill", config.fill, {{"next_open", Fill::next_open}, {"same_close", Fill::same_close}});
  section.word("size", config.sizing,
               {{"fraction", Sizing::fraction}, {"quantity", Sizing::quantity}, {"notional", Sizing::notional}});
  section.number("cash", config.cash, 0.01, 1e15);
  section.number("fraction", config.fraction, 0.0001, 100);
  section.number("quantity", config.quantity, 0, 1e12);
  section.number("notional", config.notional, 0, 1e15);
  section.integer("quantity_decimals", config.quantity_decimals, 0, 8);
  section.number("fee_bps", config.fee_bps, 0, 5'000);
  section.number("fee_fixed", config.fee_fixed, 0, 1e9);
  section.number("slippage_bps", config.slippage_bps, 0, 5'000);
  section.number("leverage_max", config.leverage_max, 0.01, 100);
  section.boolean("close_at_end", config.close_at_end);
}

}  // namespace tapeline::app
