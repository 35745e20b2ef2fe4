// How far everything that a lane says has reached those it is for: rows the database, alerts every sink that will get them.
//
// Threads   One asks; what it reads may be written by others meanwhile.
// Ordering  Alerts are counted before the position behind their frame is published: once as many are settled as had been
//           told at some position, those of all frames up to it are.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/model/frame.hpp"

namespace tapeline::app {

class SettledPosition {
 public:
  /// `computed` is read before `stored` and `alerts_told`, `alerts_settled` may be of any later moment.
  struct Look {
    JournalPosition computed = 0;
    JournalPosition stored = 0;
    std::uint64_t alerts_told = 0;
    std::uint64_t alerts_settled = 0;
  };

  JournalPosition update(const Look& look) noexcept {
    if (candidate_ <= settled_) {
      candidate_ = std::min(look.computed, look.stored);
      alerts_needed_ = look.alerts_told;
    }
    if (look.alerts_settled >= alerts_needed_) settled_ = std::max(settled_, candidate_);
    return settled_;
  }

 private:
  JournalPosition settled_ = 0;
  JournalPosition candidate_ = 0;
  std::uint64_t alerts_needed_ = 0;
};

}  // namespace tapeline::app
