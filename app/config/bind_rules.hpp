// [rules.NAME]: conditions on closed bars, and what to say when one becomes true.
#pragma once

#include "app/config/section.hpp"
#include "core/bars/config.hpp"
#include "core/signals/rules/rule_config.hpp"

namespace tapeline::app {

/// `section` is [rules]. A table adds a rule, or changes the default one of its name. All rules are compiled: a mistake
/// in a condition is told with its column.
void bind_rules(Section& section, const BarsConfig& bars, const IndicatorsConfig& indicators,
                std::vector<RuleConfig>& rules, Reading& reading);

}  // namespace tapeline::app
