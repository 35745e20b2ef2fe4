// What an alert says in words: a template of the rule's, filled with the values that made it true.
//
// Output    {symbol}, {interval}, {rule} and {field}, {field:.2f}; numbers are the shortest that read back the same,
//           unless decimals are asked for; null is "null". "{{" and "}}" stand for braces.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/signals/rules/compiler.hpp"
#include "core/signals/rules/fields.hpp"

namespace tapeline {

class Rule;

/// The first mistake in a template. It may read what the condition reads, nothing else: that is what an alert keeps.
[[nodiscard]] std::optional<ConditionError> message_problem(std::string_view message, const FieldTable& fields,
                                                            std::span<const std::uint16_t> read);

/// `evidence` in the order of rule.fields().
[[nodiscard]] std::string render_message(const Rule& rule, const FieldTable& fields, std::string_view symbol,
                                         std::uint32_t interval_s, std::span<const double> evidence);

}  // namespace tapeline
