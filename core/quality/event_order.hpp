// Whether the event time of one instrument runs backwards.
//
// Output    Ticks of one moment are in order; what runs backwards does not move the newest stamp.
#pragma once

#include <limits>

#include "core/base/time.hpp"

namespace tapeline {

class EventOrder {
 public:
  /// How far the event lies behind the newest; 0 when it is in order.
  Nanos add(Nanos event_ns) noexcept {
    if (event_ns < newest_ns_) return newest_ns_ - event_ns;
    newest_ns_ = event_ns;
    return 0;
  }

  void archive(auto& archive) { archive(newest_ns_); }

  friend bool operator==(const EventOrder&, const EventOrder&) = default;

 private:
  Nanos newest_ns_ = std::numeric_limits<Nanos>::min();
};

}  // namespace tapeline
