// The compressed form of a closed segment, and back.
//
// Layout    one zstd frame for every MiB of the segment, with length and checksum, then a skippable frame with the SHA-256
//           of everything before it. `zstd -d` gives the segment back, byte for byte. A flipped bit is found wherever it
//           is, and costs the MiB that it is in.
// Failure   Reading never throws: damage is named, and zeros stand where it was.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tapeline {

inline constexpr std::size_t compressed_block_bytes = std::size_t{1} << 20;

/// Called between two blocks, so that what compresses can do other things in time. Returns false to give up.
using BetweenBlocks = std::function<bool()>;

/// The whole compressed file; empty when given up. Throws std::runtime_error where the library refuses.
[[nodiscard]] std::string compress_segment(const std::byte* segment, std::size_t segment_bytes, int level,
                                           const BetweenBlocks& between);

struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Expanded {
  std::vector<ByteRange> damaged;  // of the segment: zeros stand there
  bool is_as_written = false;      // the file is what compress_segment() made, to the last bit
};
/// Fills `segment` from a compressed file.
[[nodiscard]] Expanded expand_segment(std::string_view file, std::byte* segment, std::size_t segment_bytes);

/// The first bytes of the segment; empty when they cannot be read.
[[nodiscard]] std::string expand_beginning(std::string_view file, std::size_t size);
/// How long the segment is that a whole file holds, as its frames say; 0 when they say nothing.
[[nodiscard]] std::size_t expanded_bytes(std::string_view file);

}  // namespace tapeline
