#include "core/journal/journal_survey.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace tapeline {
namespace {

std::size_t record_bytes_at(const Segment& segment, std::size_t offset) noexcept {
  const Frame frame = frame_at(segment, offset);
  return static_cast<std::size_t>(frame.end_position - frame.position);
}

/// Where the next record whose checksum is right begins, behind the damage at `offset`; nullopt when there is none.
std::optional<std::size_t> next_whole(const Segment& segment, std::size_t segment_bytes, std::size_t offset) noexcept {
  for (offset += record_align; offset + sizeof(RecordHeader) <= segment_bytes; offset += record_align) {
    const RecordState state = inspect_record(segment, segment_bytes, offset, Verify::checksum);
    if (state == RecordState::valid) return offset;
    if (state == RecordState::filler) return std::nullopt;
  }
  return std::nullopt;
}

/// Behind the last whole record of the segment, also where damage lies before it.
std::size_t end_offset_of(const Segment& segment, std::size_t segment_bytes) noexcept {
  std::size_t end = sizeof(SegmentHeader);
  for (;;) {
    const RecordState state = inspect_record(segment, segment_bytes, end, Verify::checksum);
    if (state == RecordState::filler) return end;
    std::size_t begin = end;
    if (state != RecordState::valid) {
      const auto found = next_whole(segment, segment_bytes, end);
      if (!found) return end;
      begin = *found;
    }
    end = begin + record_bytes_at(segment, begin);
  }
}

}  // namespace

JournalExtent survey_journal(const std::string& directory) {
  std::vector<std::uint64_t> indices = list_segments(directory);
  if (indices.empty()) {
    throw std::runtime_error("no journal in " + directory + "; `tapeline journal list` tells which lanes have one");
  }
  for (std::size_t i = 1; i < indices.size(); ++i) {
    if (indices[i] == indices[i - 1] + 1) continue;
    throw std::runtime_error("journal segment " + segment_path(directory, indices[i - 1] + 1) +
                             " is missing, with others before and behind it; put it back");
  }
  JournalExtent extent;
  extent.config.directory = directory;
  // Of the last one: it is plain, and says so at once.
  const auto last_file = find_segment(directory, indices.back());
  if (last_file) extent.config.segment_bytes = segment_bytes_of(*last_file);
  const std::size_t segment_bytes = extent.config.segment_bytes;
  if (segment_bytes < segment_bytes_min) {
    throw std::runtime_error("journal segment " + (last_file ? last_file->path : directory) + " has " +
                             std::to_string(segment_bytes) +
                             " bytes, fewer than any journal's; put the whole file back");
  }
  extent.first_position = indices.front() * segment_bytes + sizeof(SegmentHeader);
  for (;;) {
    const Segment last(directory, indices.back(), segment_bytes, SegmentAccess::read_only);
    const std::size_t end = end_offset_of(last, segment_bytes);
    extent.end_position = indices.back() * segment_bytes + end;
    if (end > sizeof(SegmentHeader) || indices.size() == 1) return extent;
    // Nothing is in it: made ahead of its use, unless the one before it has ended.
    const Segment previous(directory, indices.back() - 1, segment_bytes, SegmentAccess::read_only);
    const std::size_t previous_end = end_offset_of(previous, segment_bytes);
    if (inspect_record(previous, segment_bytes, previous_end, Verify::checksum) == RecordState::filler) return extent;
    indices.pop_back();
  }
}

std::size_t torn_tail_bytes(const JournalExtent& extent) {
  const std::size_t segment_bytes = extent.config.segment_bytes;
  const auto offset = static_cast<std::size_t>(extent.end_position % segment_bytes);
  if (offset == 0) return 0;  // the last record fills its segment
  const Segment last(extent.config.directory, extent.end_position / segment_bytes, segment_bytes,
                     SegmentAccess::read_only);
  if (inspect_record(last, segment_bytes, offset, Verify::checksum) == RecordState::filler) return 0;
  std::size_t torn_end = segment_bytes;
  while (torn_end > offset && last.bytes()[torn_end - 1] == std::byte{0}) --torn_end;
  return torn_end - offset;
}

FoundFrame find_frame(const JournalExtent& extent, JournalPosition position) {
  FoundFrame found;
  const std::size_t segment_bytes = extent.config.segment_bytes;
  if (position < extent.first_position) {
    if (extent.first_position < extent.end_position) found.after = extent.first_position;
    return found;
  }
  const std::uint64_t index = std::min(position, extent.end_position - 1) / segment_bytes;
  const JournalPosition segment_begin = index * segment_bytes;
  found.segment = Segment(extent.config.directory, index, segment_bytes, SegmentAccess::read_only);
  // By lengths: a record with a damaged payload is shown, and said to be damaged.
  for (std::size_t offset = sizeof(SegmentHeader); segment_begin + offset < extent.end_position;) {
    const RecordState state = inspect_record(found.segment, segment_bytes, offset, Verify::lengths);
    if (state == RecordState::filler) break;
    if (state != RecordState::valid) {
      const auto next = next_whole(found.segment, segment_bytes, offset);
      if (!next) break;
      offset = *next;
      continue;
    }
    const Frame frame = frame_at(found.segment, offset);
    if (frame.position > position) {
      found.after = frame.position;
      return found;
    }
    if (position < frame.end_position) {
      found.frame = frame;
      found.is_intact = inspect_record(found.segment, segment_bytes, offset, Verify::checksum) == RecordState::valid;
      return found;
    }
    found.before = frame.position;
    offset = static_cast<std::size_t>(frame.end_position - segment_begin);
  }
  const JournalPosition next_segment = segment_begin + segment_bytes + sizeof(SegmentHeader);
  if (position < next_segment && next_segment < extent.end_position) found.after = next_segment;
  return found;
}

}  // namespace tapeline
