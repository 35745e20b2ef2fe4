// Rules on a handful of fields, bar by bar.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/signals/rules/compiler.hpp"
#include "core/signals/rules/rule_set.hpp"

namespace tapeline::test {

inline constexpr double null = std::numeric_limits<double>::quiet_NaN();

/// a, b, c are numbers; flag, signal and trend what they are called.
[[nodiscard]] inline FieldTable small_table() {
  return FieldTable({{"a", FieldType::number},
                     {"b", FieldType::number},
                     {"c", FieldType::number},
                     {"flag", FieldType::boolean},
                     {"signal", FieldType::signal},
                     {"trend", FieldType::trend}});
}

using Values = std::vector<double>;  // as small_table()

/// A truth as a value: unknown is null.
[[nodiscard]] inline double verdict(double truth) { return truth == truth_unknown ? null : truth; }

/// One condition over several bars; what it says of each.
[[nodiscard]] inline std::vector<double> judged(std::string_view text, const std::vector<Values>& bars,
                                                double slack = 0) {
  const auto condition = compile_condition(text, small_table(), slack);
  if (!condition) throw std::runtime_error(condition.error().text);
  std::vector<double> memory(condition->program.slots(), null);
  std::vector<double> verdicts;
  for (const Values& bar : bars) verdicts.push_back(verdict(condition->program.run(bar, memory)));
  return verdicts;
}

[[nodiscard]] inline double judged_once(std::string_view text, const Values& bar = {1, 2, 3, 1, 1, 2}) {
  return judged(text, {bar}).front();
}

/// "column: text" of the mistake; empty: none.
[[nodiscard]] inline std::string mistake_in(std::string_view text) {
  const auto condition = compile_condition(text, small_table(), 0);
  return condition ? "" : std::to_string(condition.error().column) + ": " + condition.error().text;
}

}  // namespace tapeline::test
