// Receives while the rest of a lane cannot start yet: the poller alone, on a thread of its own. What comes is in the
// journal, and the rest goes on from there.
//
// Threads   One. The poller is nobody else's until this has ended; the destructor waits for it.
#pragma once

#include <thread>

#include "core/base/time.hpp"
#include "feeds/poller.hpp"

namespace tapeline::app {

class Intake {
 public:
  explicit Intake(feeds::Poller& poller)
      : thread_([&poller](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            if (poller.poll() == 0) poller.wait(nanos_per_millisecond);
          }
        }) {}

 private:
  std::jthread thread_;
};

}  // namespace tapeline::app
