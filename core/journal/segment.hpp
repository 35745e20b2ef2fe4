// One segment of a journal in memory: a mapped file, or what a compressed one held.
//
// Failure   Opening and creating throw std::system_error or std::runtime_error that name the file and the cure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/journal/compression.hpp"
#include "core/journal/record.hpp"
#include "core/journal/segment_files.hpp"

namespace tapeline {

/// To read, either form will do, and a damaged header does no harm: records prove themselves. To write, the file must be
/// plain and its header right.
enum class SegmentAccess { read_only, read_write };

/// Huge ones, of 2 MiB, are present for half of what as many usual ones cost, and are written back as a whole, 2 MiB for a
/// record of 200 bytes. Where the kernel or the file system has none, the usual ones serve.
enum class SegmentPages { usual, huge };

class Segment {
 public:
  Segment() = default;
  Segment(const std::string& directory, std::uint64_t index, std::size_t segment_bytes, SegmentAccess access);
  /// Makes a new one: written under another name, allocated on disk, then renamed into place.
  [[nodiscard]] static Segment create(const std::string& directory, std::uint64_t index, std::size_t segment_bytes,
                                      SegmentPages pages = SegmentPages::usual);
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

  /// What is not present yet will be on huge pages.
  void use_huge_pages() noexcept;
  /// Makes the pages of [begin, end) present and writable, so that writing there faults no more.
  void touch(std::size_t begin, std::size_t end) noexcept;
  /// Writes [begin, end) through to the disk. False with errno on failure.
  [[nodiscard]] bool sync(std::size_t begin, std::size_t end) noexcept;

 private:
  void map_file(const std::string& path, SegmentAccess access);
  void expand_file(const std::string& path);

  std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t index_ = 0;
  bool has_huge_pages_ = false;
  Expanded expanded_{{}, true};
};

/// Writes [begin, end) of a plain segment's file through to the disk, and no more: writing a page back makes it read-only
/// until it is stored to again, so what was touched ahead must not be. errno; 0: done.
[[nodiscard]] int sync_segment(const std::string& path, std::size_t begin, std::size_t end) noexcept;

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
[[nodiscard]] inline RecordState inspect_record(const Segment& segment, std::size_t segment_bytes, std::size_t offset,
                                                Verify verify) noexcept {
  if (offset + sizeof(RecordHeader) > segment_bytes) return RecordState::filler;
  RecordHeader header;
  std::memcpy(&header, segment.bytes() + offset, sizeof header);
  const bool fits = header.position == segment.index() * segment_bytes + offset &&
                    header.record_bytes >= sizeof header && header.record_bytes % record_align == 0 &&
                    header.record_bytes <= segment_bytes - offset;
  if (!fits) {
    static constexpr RecordHeader zeros{};
    return std::memcmp(&header, &zeros, sizeof header) == 0 ? RecordState::end : RecordState::corrupt;
  }
  const bool is_filler = header.kind == record_filler;
  const bool is_full = is_filler ? header.context_bytes == 0 && header.payload_bytes == 0
                                 : header.record_bytes == record_bytes_of(header.context_bytes, header.payload_bytes);
  if (!is_full) return RecordState::corrupt;
  const auto* const body = reinterpret_cast<const char*>(segment.bytes() + offset + sizeof header);
  const std::size_t body_bytes = std::size_t{header.context_bytes} + header.payload_bytes;
  if (verify == Verify::checksum && record_crc(header, {}, {body, body_bytes}) != header.crc)
    return RecordState::corrupt;
  return is_filler ? RecordState::filler : RecordState::valid;
}

/// The record at `offset`, in place. Precondition: it is valid.
[[nodiscard]] inline Frame frame_at(const Segment& segment, std::size_t offset) noexcept {
  RecordHeader header;
  std::memcpy(&header, segment.bytes() + offset, sizeof header);
  const auto* body = reinterpret_cast<const char*>(segment.bytes() + offset + sizeof header);
  return {.position = header.position,
          .end_position = header.position + header.record_bytes,
          .receive_ns = header.receive_ns,
          .kind = static_cast<FrameKind>(header.kind),
          .source = static_cast<SourceCode>(header.source),
          .channel = header.channel,
          .http_status = header.http_status,
          .context = {body, header.context_bytes},
          .payload = {body + header.context_bytes, header.payload_bytes}};
}

/// Nothing was ever written into it: it was made ahead of its use.
[[nodiscard]] bool is_blank(const Segment& segment) noexcept;

}  // namespace tapeline
