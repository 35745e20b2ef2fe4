// Options of threads and rings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tapeline {

enum class Idle : std::uint8_t { automatic, spin, yield, backoff, park, power_save };
enum class Threads : std::uint8_t { automatic, fused, split };

[[nodiscard]] constexpr const char* to_string(Idle idle) noexcept {
  constexpr const char* names[] = {"automatic", "spin", "yield", "backoff", "park", "power_save"};
  return names[static_cast<std::size_t>(idle)];
}

struct RuntimeConfig {
  Idle idle = Idle::automatic;
  Threads threads = Threads::automatic;     // fused: poller, parser and kernels share one; split: one each
  std::vector<int> cpus;                    // to pin threads to, hot path last; empty: usable_cpus.hpp decides
  int realtime_priority = 0;                // SCHED_FIFO of the threads from frame to row; 0: as everyone else
  bool lock_memory = false;                 // what was touched is never swapped out
  bool awake_cpus = false;                  // idle CPUs do not sleep
  std::uint32_t drain_timeout_s = 10;       // what is not committed by then is in the journal
  std::uint32_t clock_interval_ms = 1'000;  // between two journaled clock frames
  // Capacities, powers of two.
  std::size_t ring_marks = 1'024;
  std::size_t ring_events = 8'192;
  std::size_t ring_rows = 16'384;
  std::size_t ring_updates = 4'096;
};

}  // namespace tapeline
