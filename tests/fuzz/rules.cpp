// A rule's condition and message: compiled and run, or refused with the column.
#include <cmath>
#include <vector>

#include "core/signals/rules/compiler.hpp"
#include "core/signals/rules/message.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapeline;
  using fuzz::require;
  static const std::vector<std::string> custom{"ema_fast", "ema_slow"};
  static const FieldTable fields = bar_fields(custom);
  fuzz::Input input(data, size);
  const std::string_view text = input.line();
  const auto condition = compile_condition(text, fields, 0.5);
  if (!condition) {
    require(condition.error().column >= 1 && condition.error().column <= text.size() + 1, "a mistake has its column");
    require(!condition.error().text.empty(), "a mistake says what it is");
    return 0;
  }
  std::vector<double> memory(condition->program.slots(), std::nan(""));
  std::vector<double> values(fields.size());
  for (int bar = 0; bar < 4; ++bar) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = (i + static_cast<std::size_t>(bar)) % 5 == 0
                      ? std::nan("")
                      : (fields[i].type == FieldType::number ? static_cast<double>(i * 7 % 11) - bar
                                                             : static_cast<double>(i % 2));
    const double truth = condition->program.run(values, memory);
    require(truth == truth_false || truth == truth_unknown || truth == 1, "a condition is true, false or unknown");
  }
  if (const auto problem = message_problem(input.rest(), fields, condition->fields))
    require(problem->column >= 1, "a mistake has its column");
  return 0;
}
