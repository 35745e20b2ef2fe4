// Options of a lane's snapshots.
#pragma once

#include <cstdint>

namespace tapeline {

struct SnapshotConfig {
  bool enabled = true;
  std::uint32_t interval_s = 300;  // one is due this long after the last ...
  std::uint64_t interval_bytes =
      67108864;            // ... or when the journal has grown by so much, and by twice the last one's size
  std::uint32_t keep = 3;  // the newest so many, and as many older ones at least interval_s apart
};

}  // namespace tapeline
