// The rules language (docs/rules.md), from text to Program.
//
//   condition  = conjunction { "or" conjunction }
//   conjunction = negation { "and" negation }
//   negation   = "not" negation | comparison [ "for" WHOLE ( "bar" | "bars" ) ]
//   comparison = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
//   sum        = product { ( "+" | "-" ) product }
//   product    = factor { ( "*" | "/" ) factor }
//   factor     = "-" factor | NUMBER | WORD | FIELD | FUNCTION "(" ... ")" | "(" condition ")"
// Failure   Nothing throws: the first mistake comes back with its column, counted from 1, and a cure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/signals/rules/fields.hpp"
#include "core/signals/rules/program.hpp"

namespace tapeline {

struct ConditionError {
  std::size_t column;
  std::string text;
};

struct Condition {
  Program program;
  std::vector<Instruction> instructions;  // what the program was made of
  std::vector<std::uint16_t> fields;      // that it reads, in order of first use
};

/// `slack` loosens every ordering comparison: true for values that are that much farther off. Under "not" it tightens.
[[nodiscard]] Result<Condition, ConditionError> compile_condition(std::string_view text, const FieldTable& fields,
                                                                  double slack);

/// The name in `names` that was probably meant; empty when none is near.
[[nodiscard]] std::string nearest_field(std::string_view name, const FieldTable& fields);

}  // namespace tapeline
