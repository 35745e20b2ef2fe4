#include "core/signals/rules/program.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace tapeline {
namespace {

using Step = Program::Step;

constexpr double null = std::numeric_limits<double>::quiet_NaN();

/// Where a step has its operands: what is read off fields and constants need not pass through the stack.
enum class Form : std::uint8_t { stack, stack_field, stack_constant, field_field, field_constant };
constexpr std::size_t forms = 5;

/// A comparison with null neither holds nor fails.
double truth(bool holds, bool fails) noexcept { return 0.5 * (int{holds} + int{!fails}); }

double crossing(double a, double b, double* before) noexcept {
  const double was_a = std::exchange(before[0], a);
  const double was_b = std::exchange(before[1], b);
  return std::min(truth(was_a <= was_b, was_a > was_b), truth(a > b, a <= b));
}

double crossing_seen(double a, double b, const double* before) noexcept {
  return std::min(truth(before[0] <= before[1], before[0] > before[1]), truth(a > b, a <= b));
}

/// An unknown bar is no bar: it neither counts nor ends the row.
double held(double now, double bars, double& count) noexcept {
  if (now == truth_unknown) return truth_unknown;
  count = now == truth_true ? (std::isnan(count) ? 1 : std::min(count + 1, bars)) : 0;
  return count >= bars ? truth_true : truth_false;
}

/// Whether a program writes what it remembers of values, or leaves that to the one that it runs beside.
enum class Memory : std::uint8_t { keeps, looks_on };

template <Op op, Memory memory_use>
double of_two(double a, double b, double* slots) noexcept {
  switch (op) {
    case Op::add: return a + b;
    case Op::subtract: return a - b;
    case Op::multiply: return a * b;
    case Op::divide: return b == 0 ? null : a / b;
    case Op::minimum: return std::isunordered(a, b) ? null : std::min(a, b);
    case Op::maximum: return std::isunordered(a, b) ? null : std::max(a, b);
    case Op::less: return truth(a < b, a >= b);
    case Op::less_equal: return truth(a <= b, a > b);
    case Op::greater: return truth(a > b, a <= b);
    case Op::greater_equal: return truth(a >= b, a < b);
    case Op::equal: return truth(a == b, a < b || a > b);
    case Op::not_equal: return truth(a < b || a > b, a == b);
    case Op::crosses_above: return memory_use == Memory::keeps ? crossing(a, b, slots) : crossing_seen(a, b, slots);
    case Op::crosses_below: return of_two<Op::crosses_above, memory_use>(b, a, slots);
    case Op::logical_and: return std::min(a, b);
    case Op::logical_or: return std::max(a, b);
    case Op::logical_equal: return std::max(std::min(a, b), std::min(1 - a, 1 - b));
    default: return null;
  }
}

template <Op op, Memory memory_use>
double of_one(double a, double value, double* slots) noexcept {
  switch (op) {
    case Op::negate: return -a;
    case Op::absolute: return std::abs(a);
    case Op::logical_not: return 1 - a;
    case Op::previous: return memory_use == Memory::keeps ? std::exchange(*slots, a) : *slots;
    case Op::held_for: return held(a, value, *slots);
    case Op::truth: return std::isnan(a) ? truth_unknown : a;
    default: return null;
  }
}

// clang-format off
template <Op op, Form form, Memory memory_use>
double* run_step(double* top, const double* fields, double* memory, const Step& step) noexcept {
  double* const slots = memory + step.slot;
  if constexpr (op == Op::field) { *++top = fields[step.left]; return top; }
  if constexpr (op == Op::constant) { *++top = step.value; return top; }
  if constexpr (op >= Op::negate) {
    if constexpr (form == Form::stack) *top = of_one<op, memory_use>(*top, step.value, slots);
    else *++top = of_one<op, memory_use>(fields[step.right], step.value, slots);
    return top;
  }
  constexpr auto apply = of_two<op, memory_use>;
  if constexpr (form == Form::stack) { --top; *top = apply(top[0], top[1], slots); }
  if constexpr (form == Form::stack_field) *top = apply(*top, fields[step.right], slots);
  if constexpr (form == Form::stack_constant) *top = apply(*top, step.value, slots);
  if constexpr (form == Form::field_field) *++top = apply(fields[step.left], fields[step.right], slots);
  if constexpr (form == Form::field_constant) *++top = apply(fields[step.left], step.value, slots);
  return top;
}
// clang-format on

constexpr std::size_t ops = static_cast<std::size_t>(Op::constant) + 1;

template <Memory memory_use, std::size_t... indices>
constexpr std::array<Program::Run, ops * forms> all_runs(std::index_sequence<indices...>) noexcept {
  return {run_step<static_cast<Op>(indices / forms), static_cast<Form>(indices % forms), memory_use>...};
}

Program::Run run_of(Op op, Form form, Memory memory_use) noexcept {
  constexpr auto every = std::make_index_sequence<ops * forms>{};
  constexpr auto keeping = all_runs<Memory::keeps>(every);
  constexpr auto looking_on = all_runs<Memory::looks_on>(every);
  const std::size_t index = static_cast<std::size_t>(op) * forms + static_cast<std::size_t>(form);
  return memory_use == Memory::keeps ? keeping[index] : looking_on[index];
}

constexpr bool is_of_two(Op op) noexcept { return op < Op::negate; }
constexpr bool is_of_one(Op op) noexcept { return op >= Op::negate && op < Op::field; }

/// Instructions to steps; those that only fetch what the next one takes become part of it.
std::vector<Step> bound(std::span<const Instruction> instructions, Memory memory_use, std::uint16_t counts_at) {
  std::vector<Step> steps;
  std::vector<Op> written;  // what each step was
  const auto ends_with = [&](std::size_t from_the_end, Op op) {
    return written.size() >= from_the_end && written[written.size() - from_the_end] == op;
  };
  const auto take = [&] {
    const Step last = steps.back();
    steps.pop_back();
    written.pop_back();
    return last;
  };
  for (const auto& [op, index, value] : instructions) {
    Step step{.run = nullptr, .value = value, .left = index, .right = index, .slot = 0};
    Form form = Form::stack;
    if (is_of_two(op) || is_of_one(op)) step.slot = index;
    if (op == Op::held_for) step.slot = static_cast<std::uint16_t>(index + counts_at);
    if ((op == Op::negate || op == Op::absolute) && ends_with(1, Op::constant)) {
      steps.back().value = op == Op::negate ? -steps.back().value : std::abs(steps.back().value);
      continue;
    }
    if (is_of_one(op) && ends_with(1, Op::field)) {
      step.right = take().left;
      form = Form::stack_field;
    } else if (is_of_two(op) && ends_with(1, Op::constant)) {
      step.value = take().value;
      form = Form::stack_constant;
      if (op <= Op::divide && ends_with(1, Op::constant)) {  // known now: the slack beside a threshold, above all
        double known[] = {take().value};
        run_of(op, form, memory_use)(known, nullptr, nullptr, step);
        steps.push_back({.run = run_of(Op::constant, Form::stack, memory_use),
                         .value = known[0],
                         .left = 0,
                         .right = 0,
                         .slot = 0});
        written.push_back(Op::constant);
        continue;
      }
    } else if (is_of_two(op) && ends_with(1, Op::field)) {
      step.right = take().left;
      form = Form::stack_field;
    }
    if (form != Form::stack && is_of_two(op) && ends_with(1, Op::field)) {
      step.left = take().left;
      form = form == Form::stack_field ? Form::field_field : Form::field_constant;
    }
    step.run = run_of(op, form, memory_use);
    steps.push_back(step);
    written.push_back(op);
  }
  return steps;
}

bool has_counts(std::span<const Instruction> instructions) noexcept {
  return std::any_of(instructions.begin(), instructions.end(),
                     [](const Instruction& instruction) { return instruction.op == Op::held_for; });
}

}  // namespace

Program::Program(std::span<const Instruction> instructions, std::uint16_t slots)
    : steps_(bound(instructions, Memory::keeps, 0)), slots_(slots), counts_bars_(has_counts(instructions)) {}

Program Program::beside(const Program& condition, std::span<const Instruction> loosened) {
  Program program;
  program.steps_ = bound(loosened, Memory::looks_on, condition.slots_);
  program.counts_bars_ = has_counts(loosened);
  // Its counts lie behind the condition's memory.
  program.slots_ = static_cast<std::uint16_t>(condition.slots_ * (program.counts_bars_ ? 2 : 1));
  return program;
}

}  // namespace tapeline
