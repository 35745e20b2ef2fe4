// Reads a lane's journal in order, in place.
//
// Threads   One per reader; any number of readers beside the writer.
// Input     `limit`: an end position that the writer has published and that reached this thread through a ring or (J).
// Output    Frames that point into the mapping: valid until the second next() after, when their segment may be unmapped.
// Failure   Damaged records are skipped to the next whole one, deleted segments to the next that is there, and counted;
//           nothing throws after the constructor. A segment that cannot be opened ends the reading: failure() says why, and
//           next() tries again.
// Checked   Every record from a file by its checksum. What the writer lends was made by this process, or checked when it
//           opened the journal: of that, the lengths.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/journal/config.hpp"
#include "core/journal/segment.hpp"
#include "core/journal/segment_share.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

class JournalReader {
 public:
  /// `share`: of the writer in this process, to read through its mapping what that has just written.
  explicit JournalReader(const JournalConfig& config, const SegmentShare* share = nullptr)
      : config_(config), share_(share) {}

  /// Oldest position on disk; 0 when there is no journal.
  [[nodiscard]] JournalPosition first_position() const;
  /// The next record to read begins at `position` (or is the first one after it, if that was the end of a segment).
  void seek(JournalPosition position) noexcept { position_ = position; }
  [[nodiscard]] JournalPosition position() const noexcept { return position_; }

  /// The next frame that ends at or before `limit`; false when there is none.
  [[nodiscard]] bool next(JournalPosition limit, Frame& frame) noexcept;

  /// Stretches of damaged records skipped so far.
  [[nodiscard]] std::uint64_t skipped_count() const noexcept { return skipped_count_; }
  /// Of the last next(): why it could not go on; empty where there is just nothing more.
  [[nodiscard]] std::string_view failure() const noexcept { return failure_; }

 private:
  [[nodiscard]] bool map_segment(std::uint64_t index) noexcept;
  /// Goes on at the next segment that is there, where this one was deleted under us.
  [[nodiscard]] bool skip_missing(std::uint64_t index, JournalPosition limit) noexcept;
  /// Where the next whole record after the damage at `offset` begins, or the segment's end.
  [[nodiscard]] std::size_t skip_damage(std::size_t offset, std::size_t end_offset) noexcept;

  JournalConfig config_;
  const SegmentShare* share_;
  std::shared_ptr<const Segment> segment_;
  Verify verify_ = Verify::checksum;  // of its records
  JournalPosition segment_begin_ = 0;
  std::shared_ptr<const Segment> previous_;  // kept mapped for frames handed out just before a roll
  JournalPosition position_ = 0;
  std::uint64_t skipped_count_ = 0;
  std::string failure_;
};

}  // namespace tapeline
