// What the numbers in rows stand for: the kernels write them, the sinks and commands explain them.
//
// Threads   Immutable once made; shared by all.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bars/config.hpp"
#include "core/model/row.hpp"
#include "core/signals/rules/fields.hpp"
#include "core/signals/rules/rule_config.hpp"
#include "core/signals/rules/rule_set.hpp"

namespace tapeline {

struct RowCatalog {
  std::vector<std::string> custom_names;  // outputs of [indicators.custom], as ValuesRow numbers them
  FieldTable fields;                      // what a rule can read
  RuleSet rules;
  std::string configuration_hash;
};

/// Throws std::invalid_argument with the first mistake of a rule: whoever reads a configuration has told it before.
[[nodiscard]] std::shared_ptr<const RowCatalog> make_row_catalog(const IndicatorsConfig& indicators,
                                                                 const std::vector<RuleConfig>& rules,
                                                                 std::string configuration_hash);

/// What the rule's template makes of the alert.
[[nodiscard]] std::string alert_message(const RowCatalog& catalog, const AlertRow& alert, std::string_view symbol);

/// {"rsi":28.1,"signal":"BUY"}: the fields that the rule reads, with the values that made it true.
[[nodiscard]] std::string alert_evidence(const RowCatalog& catalog, const AlertRow& alert);

}  // namespace tapeline
