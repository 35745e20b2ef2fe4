// What a thread does when none of its stages found work.
//
//   spin        asks again at once: the quickest where the thread has a core of its own, 100 % of it burnt
//   yield       lets others run first
//   backoff     spins, then naps for 50 us, doubling up to 1 ms. It does not yield in between: where another thread is
//               ready, however low its priority, a kernel lets that one run for all of its slice of several milliseconds
//   park        naps from the first idle poll on, 50 us doubling up to 1 ms: little power, some 100 us of latency
//   power_save  the same from 1 ms to 10 ms: the least power. What waits on a socket, or on a
//               doorbell, wakes with it all the same
#pragma once

#include <algorithm>
#include <ctime>

#include <sched.h>

#include "core/base/time.hpp"
#include "core/runtime/config.hpp"

namespace tapeline {

inline void sleep_for(Nanos duration_ns) noexcept {
  const timespec nap{static_cast<time_t>(duration_ns / nanos_per_second),
                     static_cast<long>(duration_ns % nanos_per_second)};
  nanosleep(&nap, nullptr);
}

class IdleStrategy {
 public:
  explicit IdleStrategy(Idle idle) noexcept : idle_(idle), naps_(idle == Idle::power_save ? long_naps : short_naps) {
    reset();
  }

  void reset() noexcept {
    idle_polls_ = 0;
    nap_ns_ = naps_.first_ns;
  }

  /// How long to wait for work now; 0: ask again at once.
  [[nodiscard]] Nanos next() noexcept {
    ++idle_polls_;
    switch (idle_) {
      case Idle::spin: relax(); return 0;
      case Idle::yield: sched_yield(); return 0;
      case Idle::automatic:
      case Idle::backoff:
        if (idle_polls_ < spins) {
          relax();
          return 0;
        }
        break;
      case Idle::park:
      case Idle::power_save: break;
    }
    const Nanos nap_ns = nap_ns_;
    nap_ns_ = std::min(nap_ns_ * 2, naps_.longest_ns);
    return nap_ns;
  }

 private:
  static constexpr std::uint32_t spins = 200;

  struct Naps {
    Nanos first_ns;
    Nanos longest_ns;
  };
  static constexpr Naps short_naps{50'000, nanos_per_millisecond};
  static constexpr Naps long_naps{nanos_per_millisecond, 10 * nanos_per_millisecond};

  static void relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  Idle idle_;
  Naps naps_;
  std::uint32_t idle_polls_ = 0;
  Nanos nap_ns_ = 0;
};

}  // namespace tapeline
