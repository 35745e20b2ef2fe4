// What a thread or the process may ask of the kernel so that nobody gets in its way; all of it needs rights that few have.
//
// Failure   Nothing throws: what is refused is told as a sentence with its cure, and all goes on without.
#pragma once

#include <string>

#include "core/base/file_descriptor.hpp"

namespace tapeline {

/// SCHED_FIFO for the calling thread; those that it starts later begin as usual ones. Empty, or what was refused.
[[nodiscard]] std::string take_realtime_priority(int priority);

/// Memory of the process that is touched once is never swapped out or written back to be read anew. Empty, or what was refused.
[[nodiscard]] std::string lock_memory();

/// While it lives no CPU of the machine falls asleep, by the kernel's PM QoS: who is woken runs at once, and an idle CPU takes as much
/// power as a busy one.
class AwakeCpus {
 public:
  AwakeCpus();

  /// Empty, or what was refused.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

 private:
  FileDescriptor request_;  // withdrawn when it is closed
  std::string refusal_;
};

}  // namespace tapeline
