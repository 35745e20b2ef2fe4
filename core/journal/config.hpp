// Options of a lane's journal.
#pragma once

#include <cstddef>
#include <string>

namespace tapeline {

struct JournalConfig {
  std::string directory;                                      // empty: <var>/journal/<lane>
  std::size_t segment_bytes = std::size_t{64} * 1024 * 1024;  // a power of two, at least 64 KiB
};

}  // namespace tapeline
