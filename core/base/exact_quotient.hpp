// Quotients with one divisor each, the nearest double as a division gives it, without dividing.
//
// With y the double nearest to 1 / divisor and q within one unit of x / divisor in the last place, x - q * divisor is
// exact in a fused multiply-add, and q + (x - q * divisor) * y is x / divisor rounded once (Markstein, "Computation of
// elementary functions on the IBM RISC System/6000 processor", 1990). What y misses of 1 / divisor makes q that near.
//
// Input     divisors normal numbers, not all ones in their mantissas; x 0, or x and x / divisor within [1e-250, 1e250].
// Cost      four operations, which overlap, where a division holds up the next one.
// Checked   tests/unit/core/base, against divisions.
#pragma once

#include "core/base/pack.hpp"

namespace tapeline {

class ExactQuotient {
 public:
  explicit ExactQuotient(Pack divisor) noexcept
      : divisor_(divisor), inverse_(1 / divisor), missing_(multiply_add(-divisor, inverse_, pack_of(1.0)) / divisor) {}

  [[nodiscard]] Pack of(Pack x) const noexcept {
    const Pack near = multiply_add(x, inverse_, x * missing_);
    return multiply_add(multiply_add(-near, divisor_, x), inverse_, near);
  }

 private:
  Pack divisor_;
  Pack inverse_;
  Pack missing_;  // 1 / divisor - inverse_
};

}  // namespace tapeline
