#include "core/journal/journal_reader.hpp"

#include <algorithm>
#include <utility>

#include "core/base/cache_line.hpp"

namespace tapeline {
namespace {

constexpr std::size_t prefetch_bytes = 256;

}  // namespace

JournalPosition JournalReader::first_position() const {
  const auto indices = list_segments(config_.directory);
  return indices.empty() ? 0 : indices.front() * config_.segment_bytes + sizeof(SegmentHeader);
}

bool JournalReader::map_segment(std::uint64_t index) noexcept {
  try {
    auto next = share_ != nullptr ? share_->find(index) : nullptr;
    const bool is_lent = next != nullptr;
    if (!is_lent) {
      next = std::make_shared<const Segment>(config_.directory, index, config_.segment_bytes, SegmentAccess::read_only);
    }
    previous_ = std::exchange(segment_, std::move(next));
    segment_begin_ = index * config_.segment_bytes;
    verify_ = is_lent ? Verify::lengths : Verify::checksum;
    failure_.clear();
    return true;
  } catch (const std::exception& error) {
    failure_ = error.what();
    return false;
  }
}

bool JournalReader::skip_missing(std::uint64_t index, JournalPosition limit) noexcept {
  try {
    if (find_segment(config_.directory, index)) return false;  // it is there, and cannot be read
    const auto indices = list_segments(config_.directory);
    const auto behind = std::upper_bound(indices.begin(), indices.end(), index);
    if (behind == indices.end() || *behind * config_.segment_bytes >= limit) return false;
    ++skipped_count_;
    position_ = *behind * config_.segment_bytes + sizeof(SegmentHeader);
    failure_.clear();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::size_t JournalReader::skip_damage(std::size_t offset, std::size_t end_offset) noexcept {
  ++skipped_count_;
  for (offset += record_align; offset + sizeof(RecordHeader) <= end_offset; offset += record_align) {
    const RecordState state = inspect_record(*segment_, config_.segment_bytes, offset, Verify::checksum);
    if (state == RecordState::valid || state == RecordState::filler) return offset;
  }
  return end_offset;
}

bool JournalReader::next(JournalPosition limit, Frame& frame) noexcept {
  while (position_ < limit) {
    const bool is_mapped = segment_ && position_ - segment_begin_ < config_.segment_bytes;
    if (!is_mapped) {
      const std::uint64_t index = position_ / config_.segment_bytes;
      if (!map_segment(index)) {
        if (skip_missing(index, limit)) continue;
        return false;
      }
    }
    const auto offset =
        std::max<std::size_t>(static_cast<std::size_t>(position_ - segment_begin_), sizeof(SegmentHeader));
    switch (inspect_record(*segment_, config_.segment_bytes, offset, verify_)) {
      case RecordState::filler: position_ = segment_begin_ + config_.segment_bytes + sizeof(SegmentHeader); continue;
      case RecordState::end:  // below the limit nothing is unwritten: zeros are damage, too
      case RecordState::corrupt: {
        const auto end_offset =
            static_cast<std::size_t>(std::min<JournalPosition>(limit - segment_begin_, config_.segment_bytes));
        const std::size_t whole = skip_damage(offset, end_offset);
        position_ = segment_begin_ + whole + (whole == config_.segment_bytes ? sizeof(SegmentHeader) : 0);
        continue;
      }
      case RecordState::valid: break;
    }
    frame = frame_at(*segment_, offset);
    position_ = frame.end_position;
    // The next one's lines come while this one is in work: a processor does not look ahead over the end of a page.
    const std::byte* const next = segment_->bytes() + offset + (frame.end_position - frame.position);
    for (std::size_t ahead = 0; ahead < prefetch_bytes; ahead += cache_line_bytes) __builtin_prefetch(next + ahead);
    return true;
  }
  return false;
}

}  // namespace tapeline
