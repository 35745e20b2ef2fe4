// The chain of a journal's segments: the hash of a closed one stands in the header of the one behind it.
//
// Failure   Throws std::system_error or std::runtime_error that name the file.
#pragma once

#include <functional>
#include <string>

#include "core/journal/digest.hpp"
#include "core/journal/segment.hpp"

namespace tapeline {

/// Of the whole segment, uncompressed. `between` is called at every MiB; false gives up: zeros.
[[nodiscard]] Digest digest_of_segment(const Segment& segment, const BetweenBlocks& between = {});

[[nodiscard]] Digest previous_digest(const SegmentHeader& header) noexcept;
/// No hash is known.
[[nodiscard]] bool is_unknown(const Digest& digest) noexcept;

/// Puts the hash of the segment before it into a segment's header. Precondition: the segment is plain, of version 2.
void write_previous_digest(const std::string& directory, std::uint64_t index, const Digest& digest);

}  // namespace tapeline
