#include "core/journal/chain.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "core/journal/file.hpp"

namespace tapeline {

Digest digest_of_segment(const Segment& segment, const BetweenBlocks& between) {
  DigestBuilder builder;
  for (std::size_t offset = 0; offset < segment.size(); offset += compressed_block_bytes) {
    if (between && !between()) return {};
    builder.add(segment.bytes() + offset, std::min(compressed_block_bytes, segment.size() - offset));
  }
  return builder.finish();
}

Digest previous_digest(const SegmentHeader& header) noexcept {
  Digest digest;
  std::memcpy(digest.data(), header.previous_sha256, digest.size());
  return digest;
}

bool is_unknown(const Digest& digest) noexcept { return digest == Digest{}; }

void write_previous_digest(const std::string& directory, std::uint64_t index, const Digest& digest) {
  const std::string path = segment_path(directory, index);
  const FileDescriptor fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const auto offset = static_cast<off_t>(offsetof(SegmentHeader, previous_sha256));
  if (fd.get() < 0 || pwrite(fd.get(), digest.data(), digest.size(), offset) != static_cast<ssize_t>(digest.size()))
    throw_errno(errno, "cannot write the hash of the segment before it into " + path);
}

}  // namespace tapeline
