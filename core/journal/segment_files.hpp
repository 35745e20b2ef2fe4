// The segment files of a journal's directory: their names, forms and sizes.
//
// Failure   Listing a directory that is not there gives nothing; the rest throws and names the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/journal/record.hpp"

namespace tapeline {

[[nodiscard]] std::string segment_path(const std::string& directory, std::uint64_t index);
[[nodiscard]] std::string compressed_path(const std::string& directory, std::uint64_t index);

/// Indices of the segments in `directory`, of either form, ascending; empty when there is none or no directory.
[[nodiscard]] std::vector<std::uint64_t> list_segments(const std::string& directory);

enum class SegmentForm { plain, compressed };

struct SegmentFile {
  std::uint64_t index = 0;
  SegmentForm form = SegmentForm::plain;  // where both are there: plain
  std::string path;
  std::uint64_t file_bytes = 0;
  std::uint64_t disk_bytes = 0;  // what it takes on the disk
  std::int64_t written_ns = 0;   // when it was written to last
};
/// nullopt when it is there in neither form.
[[nodiscard]] std::optional<SegmentFile> find_segment(const std::string& directory, std::uint64_t index);
/// All of them, ascending. What is deleted meanwhile is left out.
[[nodiscard]] std::vector<SegmentFile> find_segments(const std::string& directory);

/// The header of a segment in either form; nullopt when it cannot be read, or is no header.
[[nodiscard]] std::optional<SegmentHeader> read_segment_header(const SegmentFile& file);
/// How long the segments of a journal are, by one of them; 0 when it does not say.
[[nodiscard]] std::size_t segment_bytes_of(const SegmentFile& file);

}  // namespace tapeline
