#include "core/stages/row_catalog.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <stdexcept>

#include "core/bars/custom_indicators.hpp"
#include "core/base/json_text.hpp"
#include "core/signals/rules/message.hpp"

namespace tapeline {
namespace {

std::string number_text(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

std::string value_json(FieldType type, double value) {
  if (std::isnan(value)) return "null";
  switch (type) {
    case FieldType::boolean: return value != 0 ? "true" : "false";
    case FieldType::signal: return '"' + std::string(to_string(static_cast<Signal>(value))) + '"';
    case FieldType::trend: return '"' + std::string(to_string(static_cast<Trend>(value))) + '"';
    case FieldType::number: break;
  }
  return number_text(value);
}

}  // namespace

std::shared_ptr<const RowCatalog> make_row_catalog(const IndicatorsConfig& indicators,
                                                   const std::vector<RuleConfig>& rules,
                                                   std::string configuration_hash) {
  std::vector<std::string> custom_names = output_names(indicators.custom);
  FieldTable fields = bar_fields(custom_names);
  auto compiled = RuleSet::compile(rules, fields);
  if (!compiled) {
    const RuleError& error = compiled.error().front();
    throw std::invalid_argument("rules." + error.rule + "." + error.key + ": column " + std::to_string(error.column) +
                                ": " + error.text);
  }
  return std::make_shared<RowCatalog>(
      RowCatalog{std::move(custom_names), std::move(fields), std::move(*compiled), std::move(configuration_hash)});
}

std::string alert_message(const RowCatalog& catalog, const AlertRow& alert, std::string_view symbol) {
  return render_message(catalog.rules[alert.rule_index], catalog.fields, symbol, alert.interval_s,
                        std::span(alert.evidence, alert.evidence_count));
}

std::string alert_evidence(const RowCatalog& catalog, const AlertRow& alert) {
  std::string json = "{";
  const auto fields = catalog.rules[alert.rule_index].fields();
  for (std::size_t i = 0; i < alert.evidence_count; ++i) {
    const Field& field = catalog.fields[fields[i]];
    if (i > 0) json += ',';
    json += json_string(field.name) + ':' + value_json(field.type, alert.evidence[i]);
  }
  return json + '}';
}

}  // namespace tapeline
