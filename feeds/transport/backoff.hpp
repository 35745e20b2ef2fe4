// How long to wait before the next try: the first at once, then full jitter under a doubling cap.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.hpp"

namespace tapeline::feeds {

class Backoff {
 public:
  Backoff(Nanos first_cap_ns, Nanos cap_ns) noexcept : first_cap_ns_(first_cap_ns), cap_ns_(cap_ns) {}

  /// `random` is uniform over all 64-bit values: the caller's, so that a test can choose it.
  [[nodiscard]] Nanos next(std::uint64_t random) noexcept {
    const int failures = failures_++;
    if (failures == 0) return 0;
    const Nanos cap_ns = std::min(cap_ns_, first_cap_ns_ << std::min(failures - 1, 20));
    return static_cast<Nanos>(random % static_cast<std::uint64_t>(cap_ns + 1));
  }
  void reset() noexcept { failures_ = 0; }
  [[nodiscard]] int failures() const noexcept { return failures_; }

 private:
  Nanos first_cap_ns_;
  Nanos cap_ns_;
  int failures_ = 0;
};

}  // namespace tapeline::feeds
