// Distance that keeps two threads' data apart: two lines, because the prefetcher fetches lines in pairs.
#pragma once

#include <cstddef>

namespace tapeline {

// std::hardware_destructive_interference_size varies with compiler flags; a layout must not.
inline constexpr std::size_t cache_line_bytes = 64;
inline constexpr std::size_t no_sharing_bytes = 128;

}  // namespace tapeline
