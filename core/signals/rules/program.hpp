// A condition, compiled: a flat list of steps on a small stack, without jumps; each runs once a bar.
//
// Units     Values as of fields.hpp: NaN is null. A truth is 0, 1 or 1/2 for unknown: then Kleene's "and" is the lesser,
//           "or" the greater, "not" what is left to 1.
// Failure   None: what could fail was refused by compile_condition().
// Cost      One pass over the steps; no allocation, and no branch on what a market does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tapeline {

enum class Op : std::uint8_t {
  // Of two values.
  add,
  subtract,
  multiply,
  divide,
  minimum,
  maximum,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  crosses_above,  // was at or below, and is above; two slots
  crosses_below,
  logical_and,
  logical_or,
  logical_equal,
  // Of one.
  negate,
  absolute,
  logical_not,
  previous,  // the value at the bar before; one slot
  held_for,  // true on so many bars in a row; one slot
  truth,     // of a boolean field's value
  // Of none.
  field,
  constant,
};

/// What the compiler writes, in the order of a stack machine.
struct Instruction {
  Op op;
  std::uint16_t index = 0;  // of the field, or of the first slot
  double value = 0;         // of the constant, or how many bars
};

inline constexpr std::size_t rule_stack_max = 32;

inline constexpr double truth_false = 0;
inline constexpr double truth_unknown = 0.5;
inline constexpr double truth_true = 1;

class Program {
 public:
  Program() = default;
  Program(std::span<const Instruction> instructions, std::uint16_t slots);

  /// The loosened program of a rule: run before `condition` on the same memory, it reads what that one remembers of
  /// values, and only counts bars for itself. Precondition: both have the same text, so the same slots.
  [[nodiscard]] static Program beside(const Program& condition, std::span<const Instruction> loosened);

  /// How much memory it needs from bar to bar; NaN at first.
  [[nodiscard]] std::uint16_t slots() const noexcept { return slots_; }

  /// It must see every bar, as it counts them.
  [[nodiscard]] bool counts_bars() const noexcept { return counts_bars_; }

  /// One of the three truths. Precondition: memory.size() >= slots().
  [[nodiscard]] double run(std::span<const double> fields, std::span<double> memory) const noexcept {
    double stack[rule_stack_max + 1];
    double* top = stack;  // the newest value; the first place stands for none
    for (const Step& step : steps_) top = step.run(top, fields.data(), memory.data(), step);
    return *top;
  }

  struct Step;
  /// Takes its operands from the stack, the fields or itself; gives back the new top of the stack.
  using Run = double* (*)(double* top, const double* fields, double* memory, const Step& step) noexcept;

  struct Step {
    Run run;
    double value;        // a constant, or how many bars
    std::uint16_t left;  // fields
    std::uint16_t right;
    std::uint16_t slot;
  };

 private:
  std::vector<Step> steps_;
  std::uint16_t slots_ = 0;
  bool counts_bars_ = false;
};

}  // namespace tapeline
