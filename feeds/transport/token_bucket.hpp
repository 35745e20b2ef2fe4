// How many requests a key may send in a while: tokens that come back at an even rate, each at least some time after the last.
//
// Units     Steady nanoseconds.
// Ordering  Whatever the calls, between any two requests lies `spacing_ns`, and no window of a minute holds more than the
//           rate and the burst together.
#pragma once

#include <algorithm>

#include "core/base/time.hpp"

namespace tapeline::feeds {

class TokenBucket {
 public:
  /// `per_minute` 0: as fast as the spacing allows. `burst`: tokens of a full bucket, at least 1.
  TokenBucket(int per_minute, int burst, Nanos spacing_ns) noexcept
      : token_ns_(per_minute > 0 ? 60 * nanos_per_second / per_minute : 0),
        depth_ns_(token_ns_ * std::max(burst - 1, 0)),
        spacing_ns_(spacing_ns) {}

  /// When the next request may go; not after `now_ns`: at once.
  [[nodiscard]] Nanos ready_ns(Nanos now_ns) const noexcept {
    if (!has_spent_) return now_ns;
    return std::max({now_ns, spent_ns_ + spacing_ns_, full_ns_ - depth_ns_});
  }
  void spend(Nanos now_ns) noexcept {
    full_ns_ = std::max(has_spent_ ? full_ns_ : now_ns, now_ns) + token_ns_;
    spent_ns_ = now_ns;
    has_spent_ = true;
  }

 private:
  Nanos token_ns_;
  Nanos depth_ns_;
  Nanos spacing_ns_;
  Nanos full_ns_ = 0;  // when the bucket will be full again
  Nanos spent_ns_ = 0;
  bool has_spent_ = false;
};

}  // namespace tapeline::feeds
