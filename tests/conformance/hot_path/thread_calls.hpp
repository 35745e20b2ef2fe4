// What a thread has asked for that the way from frame to row must not ask for: counted by functions of ours in front of those
// of the C library and the C++ runtime, for the executable that it is linked into and the libraries that this loads.
//
// Checked   That each counter sees what it is for: steady_state_test.cpp.
#pragma once

#include <cstdint>

namespace tapeline {

struct ThreadCalls {
  std::uint64_t allocations = 0;  // of whatever kind: operator new comes to malloc or aligned_alloc
  std::uint64_t exceptions = 0;   // thrown anew
  std::uint64_t locks = 0;        // of a mutex
};

/// Of the calling thread since it began.
[[nodiscard]] ThreadCalls calls_of_this_thread() noexcept;

}  // namespace tapeline
