#include "bench/support/memory_at_hand.hpp"

#include <cstdint>
#include <filesystem>

#include "core/journal/config.hpp"
#include "core/journal/segment.hpp"

namespace tapeline::bench {

void have_memory_at_hand(const std::string& directory, std::size_t bytes) {
  const std::size_t segment_bytes = JournalConfig{}.segment_bytes;
  const std::uint64_t count = bytes / segment_bytes + 1;
  for (std::uint64_t index = 0; index < count; ++index) {
    Segment segment = Segment::create(directory, index, segment_bytes, SegmentPages::huge);
    segment.touch(0, segment_bytes);
  }
  for (std::uint64_t index = 0; index < count; ++index) std::filesystem::remove(segment_path(directory, index));
}

}  // namespace tapeline::bench
