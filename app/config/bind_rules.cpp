#include "app/config/bind_rules.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/config/bind_intervals.hpp"
#include "core/bars/custom_indicators.hpp"
#include "core/signals/rules/fields.hpp"
#include "core/signals/rules/rule_set.hpp"

namespace tapeline::app {
namespace {

constexpr std::int64_t day_s = 86'400;
constexpr std::size_t rule_name_bytes_max = 31;

bool is_rule_name(const std::string& name) {
  return !name.empty() && name.size() <= rule_name_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void bind_one(Section& section, const BarsConfig& bars, RuleConfig& rule) {
  section.boolean("enabled", rule.enabled);
  section.text("when", rule.when);
  section.number("hysteresis", rule.hysteresis, 0, 1e12);
  section.integer("cooldown_s", rule.cooldown_s, 0, 366 * day_s);
  section.word("severity", rule.severity,
               {{"info", Severity::info}, {"warning", Severity::warning}, {"critical", Severity::critical}});
  section.text("message", rule.message);
  section.texts("symbols", rule.symbols);
  bind_intervals_of(section, bars, rule.intervals_s);
}

}  // namespace

void bind_rules(Section& section, const BarsConfig& bars, const IndicatorsConfig& indicators,
                std::vector<RuleConfig>& rules, Reading& reading) {
  const std::vector<std::string> written = section.named_tables();
  for (const std::string& name : written) {
    const bool is_default =
        std::any_of(rules.begin(), rules.end(), [&](const RuleConfig& rule) { return rule.name == name; });
    if (is_default) continue;
    rules.emplace_back();
    rules.back().name = name;
    if (is_rule_name(name)) continue;
    section.complain(name,
                     fmt::format("is no name for a rule; write 1 to {} letters, digits, _ or -", rule_name_bytes_max));
  }
  for (RuleConfig& rule : rules) {
    Section one(section.path_of(rule.name), section.sub_table(rule.name.c_str()), reading);
    bind_one(one, bars, rule);
    one.reject_unknown({});
    if (rule.when.empty() && !one.is_wrong("when")) {
      one.complain("when", "is missing; write a condition such as when = \"rsi < 30 and close < bb_lower\"");
    }
  }
  // A rule without a condition has been told of.
  std::vector<RuleConfig> conditions;
  std::copy_if(rules.begin(), rules.end(), std::back_inserter(conditions),
               [](const RuleConfig& rule) { return !rule.when.empty(); });
  const auto compiled = RuleSet::compile(conditions, bar_fields(output_names(indicators.custom)));
  if (compiled) return;
  for (const RuleError& error : compiled.error()) {
    Section one(section.path_of(error.rule), section.sub_table(error.rule.c_str()), reading);
    one.complain(error.key, fmt::format("column {}: {}", error.column, error.text));
  }
}

}  // namespace tapeline::app
