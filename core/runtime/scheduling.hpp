// What a thread or the process may ask of the kernel so that nobody gets in its way; both need rights that few have.
//
// Failure   Nothing throws: what is refused is told as a sentence with its cure, and all goes on without.
#pragma once

#include <string>

namespace tapeline {

/// SCHED_FIFO for the calling thread; those that it starts later begin as usual ones. Empty, or what was refused.
[[nodiscard]] std::string take_realtime_priority(int priority);

/// Memory of the process that is touched once is never swapped out or written back to be read anew. Empty, or what was refused.
[[nodiscard]] std::string lock_memory();

}  // namespace tapeline
