// Leaves a source in peace that fails again and again: after some failures in a row it is not asked for a while, then once.
//
// Units     Steady nanoseconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.hpp"

namespace tapeline::feeds {

class CircuitBreaker {
 public:
  enum class State : std::uint8_t {
    closed,  // asked as usual
    open,    // not asked
    trial,   // asked once: what becomes of it decides
  };
  static constexpr int failures_to_open = 5;
  static constexpr Nanos first_rest_ns = 30 * nanos_per_second;
  static constexpr Nanos rest_ns_max = 600 * nanos_per_second;

  [[nodiscard]] State state(Nanos now_ns) const noexcept {
    if (failures_ < failures_to_open) return State::closed;
    return now_ns < rests_until_ns_ ? State::open : State::trial;
  }
  /// Not before this; in the past: at once.
  [[nodiscard]] Nanos rests_until_ns() const noexcept { return rests_until_ns_; }

  void succeeded() noexcept {
    failures_ = 0;
    rest_ns_ = first_rest_ns;
    rests_until_ns_ = 0;
  }
  void failed(Nanos now_ns) noexcept {
    if (++failures_ < failures_to_open) return;
    rests_until_ns_ = now_ns + rest_ns_;
    rest_ns_ = std::min(2 * rest_ns_, rest_ns_max);
  }

 private:
  int failures_ = 0;  // in a row
  Nanos rest_ns_ = first_rest_ns;
  Nanos rests_until_ns_ = 0;
};

}  // namespace tapeline::feeds
