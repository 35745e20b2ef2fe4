#include "core/signals/rules/program.hpp"

#include <algorithm>
#include <utility>

namespace tapeline {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// A comparison with null is unknown: then neither it nor its opposite holds.
double verdict(bool holds, bool fails) noexcept { return holds ? 1 : fails ? 0 : unknown; }

double conjunction(double a, double b) noexcept {
  if (a == 0 || b == 0) return 0;
  return std::isnan(a) || std::isnan(b) ? unknown : 1;
}

double disjunction(double a, double b) noexcept {
  if (a == 1 || b == 1) return 1;
  return std::isnan(a) || std::isnan(b) ? unknown : 0;
}

double crossing(double a, double b, double* before) noexcept {
  const double was_a = std::exchange(before[0], a);
  const double was_b = std::exchange(before[1], b);
  return conjunction(verdict(was_a <= was_b, was_a > was_b), verdict(a > b, a <= b));
}

/// An unknown bar is no bar: it neither counts nor ends the row.
double held(double now, double bars, double& count) noexcept {
  if (std::isnan(now)) return unknown;
  count = now == 1 ? (std::isnan(count) ? 1 : std::min(count + 1, bars)) : 0;
  return count >= bars;
}

inline double binary(Op op, double a, double b) noexcept {
  switch (op) {
    case Op::add: return a + b;
    case Op::subtract: return a - b;
    case Op::multiply: return a * b;
    case Op::divide: return b == 0 ? unknown : a / b;
    case Op::minimum: return std::isnan(a) || std::isnan(b) ? unknown : std::min(a, b);
    case Op::maximum: return std::isnan(a) || std::isnan(b) ? unknown : std::max(a, b);
    case Op::less: return verdict(a < b, a >= b);
    case Op::less_equal: return verdict(a <= b, a > b);
    case Op::greater: return verdict(a > b, a <= b);
    case Op::greater_equal: return verdict(a >= b, a < b);
    case Op::equal: return verdict(a == b, a < b || a > b);
    case Op::not_equal: return verdict(a < b || a > b, a == b);
    case Op::logical_and: return conjunction(a, b);
    case Op::logical_or: return disjunction(a, b);
    default: return unknown;
  }
}

}  // namespace

std::vector<Instruction> Program::fuse(const std::vector<Instruction>& instructions) {
  std::vector<Instruction> fused;
  for (const Instruction& instruction : instructions) {
    const std::size_t size = fused.size();
    const bool is_ordering = instruction.op >= Op::less && instruction.op <= Op::greater_equal;
    if (is_ordering && size >= 2 && fused[size - 1].op == Op::constant && fused[size - 2].op == Op::field) {
      const auto step = static_cast<int>(instruction.op) - static_cast<int>(Op::less);
      fused[size - 2].op = static_cast<Op>(static_cast<int>(Op::field_less) + step);
      fused[size - 2].value = fused[size - 1].value;
      fused.pop_back();
    } else {
      fused.push_back(instruction);
    }
  }
  return fused;
}

double Program::run(std::span<const double> fields, std::span<double> memory) const noexcept {
  std::array<double, rule_stack_max> stack;
  double* top = stack.data() - 1;  // the newest value
  for (const Instruction& instruction : instructions_) {
    switch (instruction.op) {
      case Op::constant: *++top = instruction.value; break;
      case Op::field: *++top = fields[instruction.index]; break;
      case Op::field_less: *++top = binary(Op::less, fields[instruction.index], instruction.value); break;
      case Op::field_less_equal: *++top = binary(Op::less_equal, fields[instruction.index], instruction.value); break;
      case Op::field_greater: *++top = binary(Op::greater, fields[instruction.index], instruction.value); break;
      case Op::field_greater_equal:
        *++top = binary(Op::greater_equal, fields[instruction.index], instruction.value);
        break;
      case Op::negate: *top = -*top; break;
      case Op::absolute: *top = std::abs(*top); break;
      case Op::logical_not: *top = 1 - *top; break;
      case Op::previous: *top = std::exchange(memory[instruction.index], *top); break;
      case Op::held_for: *top = held(*top, instruction.value, memory[instruction.index]); break;
      case Op::crosses_above:
        --top;
        *top = crossing(top[0], top[1], &memory[instruction.index]);
        break;
      case Op::crosses_below:
        --top;
        *top = crossing(top[1], top[0], &memory[instruction.index]);
        break;
      default:
        --top;
        *top = binary(instruction.op, top[0], top[1]);
        break;
    }
  }
  return *top;
}

}  // namespace tapeline
