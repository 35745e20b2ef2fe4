// One mapped segment file of a journal.
//
// Failure   Opening and creating throw std::system_error or std::runtime_error that name the file and the cure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/journal/record.hpp"

namespace tapeline {

enum class SegmentAccess { read_only, read_write };

class Segment {
 public:
  Segment() = default;
  /// Maps an existing segment and checks its header.
  Segment(const std::string& directory, std::uint64_t index, std::size_t segment_bytes, SegmentAccess access);
  /// Makes a new one: written under another name, allocated on disk, then renamed into place.
  [[nodiscard]] static Segment create(const std::string& directory, std::uint64_t index, std::size_t segment_bytes);
  ~Segment();
  Segment(Segment&& other) noexcept;
  Segment& operator=(Segment&& other) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return bytes_ != nullptr; }
  [[nodiscard]] std::uint64_t index() const noexcept { return index_; }
  [[nodiscard]] std::byte* bytes() noexcept { return bytes_; }
  [[nodiscard]] const std::byte* bytes() const noexcept { return bytes_; }
  /// Writes [begin, end) through to the disk. False with errno on failure.
  [[nodiscard]] bool sync(std::size_t begin, std::size_t end) noexcept;

 private:
  std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t index_ = 0;
};

[[nodiscard]] std::string segment_path(const std::string& directory, std::uint64_t index);
/// Indices of the segments in `directory`, ascending; empty when there is none or no directory.
[[nodiscard]] std::vector<std::uint64_t> list_segments(const std::string& directory);

/// What stands at `offset` of a segment.
enum class RecordState {
  valid,
  filler,   // the segment ends here, on purpose
  end,      // zeros: nothing was written here yet
  corrupt,  // neither: torn or damaged
};
/// Looks at the record at `offset` and checks its lengths, its position and, if asked, its checksum.
enum class Verify { lengths, checksum };
[[nodiscard]] RecordState inspect_record(const Segment& segment, std::size_t segment_bytes, std::size_t offset,
                                         Verify verify) noexcept;

/// The record at `offset`, in place. Precondition: it is valid.
[[nodiscard]] Frame frame_at(const Segment& segment, std::size_t offset) noexcept;

}  // namespace tapeline
