// One segment of a journal in memory: a mapped file, or what a compressed one held.
//
// Failure   Opening and creating throw std::system_error or std::runtime_error that name the file and the cure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/journal/compression.hpp"
#include "core/journal/record.hpp"
#include "core/journal/segment_files.hpp"

namespace tapeline {

/// To read, either form will do, and a damaged header does no harm: records prove themselves. To write, the file must be
/// plain and its header right.
enum class SegmentAccess { read_only, read_write };

class Segment {
 public:
  Segment() = default;
  Segment(const std::string& directory, std::uint64_t index, std::size_t segment_bytes, SegmentAccess access);
  /// Makes a new one: written under another name, allocated on disk, then renamed into place.
  [[nodiscard]] static Segment create(const std::string& directory, std::uint64_t index, std::size_t segment_bytes);
  ~Segment();
  Segment(Segment&& other) noexcept;
  Segment& operator=(Segment&& other) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return bytes_ != nullptr; }
  [[nodiscard]] std::uint64_t index() const noexcept { return index_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::byte* bytes() noexcept { return bytes_; }
  [[nodiscard]] const std::byte* bytes() const noexcept { return bytes_; }
  [[nodiscard]] SegmentHeader header() const noexcept;
  /// Of a compressed one: where zeros stand for what could not be read, and whether its file is as it was written.
  [[nodiscard]] const Expanded& expanded() const noexcept { return expanded_; }

  /// Makes the pages of [begin, end) present and writable, so that writing there faults no more.
  void touch(std::size_t begin, std::size_t end) noexcept;
  /// Writes [begin, end) through to the disk. False with errno on failure.
  [[nodiscard]] bool sync(std::size_t begin, std::size_t end) noexcept;

 private:
  void map_file(const std::string& path, SegmentAccess access);
  void expand_file(const std::string& path);
  void unmap() noexcept;

  std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t index_ = 0;
  Expanded expanded_{{}, true};
};

/// What is wrong with a header, as a sentence's end; empty: nothing.
[[nodiscard]] std::string header_problem(const SegmentHeader& header, std::uint64_t index, std::size_t segment_bytes);

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

/// Nothing was ever written into it: it was made ahead of its use.
[[nodiscard]] bool is_blank(const Segment& segment) noexcept;

}  // namespace tapeline
