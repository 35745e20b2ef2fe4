#include "app/explain/comparison.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include <simdjson.h>

#include "app/explain/evidence.hpp"

namespace tapeline::app {
namespace {

using sinks::postgres::StoredRow;

/// "61824.00" and "61824" are one number.
std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

double real_of(const std::string& text) {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Numbers by their bits, everything else by its text.
bool is_same_object(const std::string& left_json, const std::string& right_json) {
  simdjson::dom::parser left_parser;
  simdjson::dom::parser right_parser;
  simdjson::dom::object left;
  simdjson::dom::object right;
  if (left_parser.parse(left_json).get(left) != simdjson::SUCCESS) return false;
  if (right_parser.parse(right_json).get(right) != simdjson::SUCCESS || left.size() != right.size()) return false;
  return std::all_of(left.begin(), left.end(), [&](const simdjson::dom::key_value_pair& field) {
    simdjson::dom::element other;
    if (right[field.key].get(other) != simdjson::SUCCESS) return false;
    double number = 0;
    double other_number = 0;
    if (field.value.get(number) != simdjson::SUCCESS) return simdjson::minify(field.value) == simdjson::minify(other);
    return other.get(other_number) == simdjson::SUCCESS &&
           std::bit_cast<std::uint64_t>(number) == std::bit_cast<std::uint64_t>(other_number);
  });
}

/// The tables keep undefined values as NULL, read as "", or have no row for them.
ComparedField compare_real(std::string name, const std::string& held, double recomputed) {
  const bool is_undefined = std::isnan(recomputed);
  const bool is_same = held.empty() || is_undefined
                           ? held.empty() && is_undefined
                           : std::bit_cast<std::uint64_t>(real_of(held)) == std::bit_cast<std::uint64_t>(recomputed);
  return {std::move(name), held.empty() ? "null" : held, real_text(recomputed), is_same};
}

class Comparison {
 public:
  explicit Comparison(const StoredRow& stored) : stored_(stored) {}

  void text(const char* name, std::string_view recomputed) {
    const std::string& held = stored_.at(name);
    fields_.push_back({name, held, std::string(recomputed), held == recomputed});
  }
  void integer(const char* name, std::int64_t recomputed) { text(name, std::to_string(recomputed)); }
  void boolean(const char* name, bool recomputed) {
    const std::string held = stored_.at(name) == "t" ? "true" : "false";
    fields_.push_back({name, held, recomputed ? "true" : "false", (held == "true") == recomputed});
  }
  void real(const char* name, double recomputed) {
    fields_.push_back(compare_real(name, stored_.at(name), recomputed));
  }
  void decimal(const char* name, Int128 mantissa, int exponent) {
    std::string held = without_trailing_zeros(stored_.at(name));
    std::string expected = to_string(mantissa, exponent);
    const bool is_same = held == expected;
    fields_.push_back({name, std::move(held), std::move(expected), is_same});
  }
  /// The table keeps microseconds, rounded down.
  void time(const char* name, Nanos recomputed_ns) {
    const Nanos remainder = ((recomputed_ns % nanos_per_microsecond) + nanos_per_microsecond) % nanos_per_microsecond;
    const Nanos expected_ns = recomputed_ns - remainder;
    const Nanos held_ns = stored_.time(name);
    fields_.push_back({name, format_utc(held_ns), format_utc(expected_ns), held_ns == expected_ns});
  }
  /// A JSON object of numbers, words and null; the table keeps it as jsonb, which orders and spaces it as it likes.
  void object(const char* name, const std::string& recomputed) {
    const std::string& held = stored_.at(name);
    fields_.push_back({name, held, recomputed, is_same_object(held, recomputed)});
  }
  [[nodiscard]] std::vector<ComparedField> take() { return std::move(fields_); }

 private:
  const StoredRow& stored_;
  std::vector<ComparedField> fields_;
};

}  // namespace

std::string real_text(double value) {
  if (std::isnan(value)) return "null";
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return {text, end};
}

std::vector<ComparedField> compare_alert(const StoredRow& stored, const Row& recomputed, std::string_view symbol,
                                         const RowCatalog& catalog) {
  const AlertRow& alert = recomputed.as_alert;
  Comparison fields(stored);
  fields.text("alert_id", alert_id_of(alert));
  fields.text("rule", alert.rule);
  fields.integer("rule_version", static_cast<std::int32_t>(alert.rule_version));
  fields.text("severity", to_string(alert.severity));
  fields.integer("source_id", static_cast<int>(recomputed.source));
  fields.text("symbol", symbol);
  fields.integer("interval_s", alert.interval_s);
  fields.time("bar_start", alert.bar_start_ns);
  fields.time("bar_end", alert.bar_end_ns);
  fields.text("signal", to_string(alert.signal));
  fields.text("trend", to_string(alert.trend));
  fields.decimal("close", alert.close_mantissa, alert.price_exponent);
  fields.real("rsi", alert.rsi);
  fields.real("sma", alert.sma);
  fields.real("bb_upper", alert.bb_upper);
  fields.real("bb_lower", alert.bb_lower);
  fields.real("change_pct", alert.change_pct);
  fields.real("volatility", alert.volatility);
  fields.time("received_time", recomputed.receive_ns);
  fields.integer("journal_position", static_cast<std::int64_t>(recomputed.position));
  fields.text("rule_text", catalog.rules[alert.rule_index].when());
  fields.object("evidence", alert_evidence(catalog, alert));
  fields.text("message", alert_message(catalog, alert, symbol));
  return fields.take();
}

std::vector<ComparedField> compare_bar(const StoredRow& stored, const Row& recomputed) {
  const BarRow& bar = recomputed.as_bar;
  Comparison fields(stored);
  fields.integer("source_id", static_cast<int>(recomputed.source));
  fields.integer("interval_s", bar.interval_s);
  fields.time("bar_start", bar.start_ns);
  fields.decimal("open", bar.open_mantissa, bar.price_exponent);
  fields.decimal("high", bar.high_mantissa, bar.price_exponent);
  fields.decimal("low", bar.low_mantissa, bar.price_exponent);
  fields.decimal("close", bar.close_mantissa, bar.price_exponent);
  fields.decimal("volume", bar.volume_mantissa, bar.volume_exponent);
  fields.integer("trades", bar.trades);
  fields.real("sma", bar.sma);
  fields.real("rsi", bar.rsi);
  fields.real("bb_mid", bar.bb_mid);
  fields.real("bb_sigma", bar.bb_sigma);
  fields.real("bb_upper", bar.bb_upper);
  fields.real("bb_lower", bar.bb_lower);
  fields.real("percent_b", bar.percent_b);
  fields.real("bandwidth", bar.bandwidth);
  fields.real("volatility", bar.volatility);
  fields.real("volatility_annual", bar.volatility_annual);
  fields.real("periods_per_year", bar.periods_per_year);
  fields.real("change", bar.change);
  fields.real("change_pct", bar.change_pct);
  fields.integer("bars_seen", static_cast<std::int64_t>(bar.bars_seen));
  fields.text("signal", to_string(bar.signal));
  fields.text("signal_reason", to_string(bar.signal_reason));
  fields.text("trend", to_string(bar.trend));
  fields.boolean("is_partial", bar.is_partial);
  fields.boolean("is_filled", bar.is_filled);
  fields.boolean("is_source_bar", bar.is_source_bar);
  fields.boolean("is_backfilled", bar.is_backfilled);
  fields.integer("journal_position", static_cast<std::int64_t>(recomputed.position));
  return fields.take();
}

std::vector<ComparedField> compare_values(const std::map<std::string, std::string>& stored,
                                          const std::vector<Row>& recomputed, const RowCatalog& catalog) {
  std::map<std::string, std::pair<std::string, double>> both;
  for (const auto& [name, text] : stored) both[name] = {text, std::numeric_limits<double>::quiet_NaN()};
  for (const Row& row : recomputed) {
    for (std::size_t i = 0; i < row.as_values.count; ++i) {
      const std::string& name = catalog.custom_names.at(row.as_values.first + i);
      both.try_emplace(name).first->second.second = row.as_values.values[i];
    }
  }
  std::vector<ComparedField> fields;
  for (const auto& [name, values] : both) {
    const bool is_defined = !values.first.empty() || !std::isnan(values.second);
    if (is_defined) fields.push_back(compare_real(name, values.first, values.second));
  }
  return fields;
}

}  // namespace tapeline::app
