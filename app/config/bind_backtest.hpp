// [backtest]: what a backtest trades with.
#pragma once

#include <vector>

#include "app/config/section.hpp"
#include "core/backtest/config.hpp"
#include "core/signals/rules/rule_config.hpp"

namespace tapeline::app {

void bind_backtest(Section& section, const std::vector<RuleConfig>& rules, backtest::Config& config);

}  // namespace tapeline::app
