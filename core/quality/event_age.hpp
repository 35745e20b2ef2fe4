// Whether what an instrument delivers is fresh: a quote of last month says nothing, however often it is delivered.
//
// Output    An edge: true for the first stale event, and again only after a fresh one.
#pragma once

#include "core/base/time.hpp"

namespace tapeline {

class EventAge {
 public:
  /// Whether instruments turn stale with this event: older than `age_ns_max` (0: never) when it was received.
  bool turns_stale(Nanos event_ns, Nanos receive_ns, Nanos age_ns_max) noexcept {
    const bool was_stale = is_stale_;
    is_stale_ = age_ns_max > 0 && receive_ns - event_ns > age_ns_max;
    return is_stale_ && !was_stale;
  }

  void archive(auto& archive) { archive(is_stale_); }

  friend bool operator==(const EventAge&, const EventAge&) = default;

 private:
  bool is_stale_ = false;
};

}  // namespace tapeline
