// Lets a journal that is to be timed find memory that the machine has.
//
// A journal that has run for a while is written into the pages of its own deleted segments. A benchmark's new one is written
// into free memory, which a virtual machine may have given back to its host (free page reporting): each page then costs 5 to 8
// us in place of 0.5 when it is written to first. That is the host's work, and differs from one run to the next.
#pragma once

#include <cstddef>
#include <string>

namespace tapeline::bench {

/// Writes so many bytes of a journal's files in `directory` and deletes them again. Throws as Segment::create().
void have_memory_at_hand(const std::string& directory, std::size_t bytes);

}  // namespace tapeline::bench
