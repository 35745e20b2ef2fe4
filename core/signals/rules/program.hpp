// A condition, compiled: a flat list of instructions on a small stack, without jumps; each runs once a bar.
//
// Units     Values as of fields.hpp. Logic is Kleene's: NaN is unknown, and unknown passes through what it decides.
// Failure   None: what could fail was refused by compile_condition().
// Cost      One pass over the instructions; no allocation.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace tapeline {

enum class Op : std::uint8_t {
  constant,
  field,
  add,
  subtract,
  multiply,
  divide,
  negate,
  absolute,
  minimum,
  maximum,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  logical_and,
  logical_or,
  logical_not,
  previous,       // of the value, at the bar before; one slot
  crosses_above,  // was at or below, and is above; two slots
  crosses_below,
  held_for,  // true on so many bars in a row; one slot
  // A field with a constant, at once: most of what is written. fuse() makes them.
  field_less,
  field_less_equal,
  field_greater,
  field_greater_equal,
};

struct Instruction {
  Op op;
  std::uint16_t index = 0;  // of the field, or of the first slot
  double value = 0;         // of the constant, or how many bars
};

inline constexpr std::size_t rule_stack_max = 32;

class Program {
 public:
  Program() = default;
  Program(const std::vector<Instruction>& instructions, std::uint16_t slots)
      : instructions_(fuse(instructions)), slots_(slots) {}

  /// What it remembers from bar to bar; starts as NaN.
  [[nodiscard]] std::uint16_t slots() const noexcept { return slots_; }

  /// 1, 0 or NaN. Precondition: memory.size() == slots().
  [[nodiscard]] double run(std::span<const double> fields, std::span<double> memory) const noexcept;

 private:
  [[nodiscard]] static std::vector<Instruction> fuse(const std::vector<Instruction>& instructions);

  std::vector<Instruction> instructions_;
  std::uint16_t slots_ = 0;
};

}  // namespace tapeline
