// Looks at a journal from outside: where it begins and ends, what stands at a position. For tools and replays.
//
// Threads   Any; the journal's owner may append meanwhile.
// Input     A lane's journal directory; the size of its segments is read from the files, not from a configuration.
// Failure   Throws std::runtime_error with a cure where there is no journal, or a segment is missing in its middle.
#pragma once

#include <optional>
#include <string>

#include "core/journal/config.hpp"
#include "core/journal/segment.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

struct JournalExtent {
  JournalConfig config;  // to open a reader with
  JournalPosition first_position = 0;
  JournalPosition end_position = 0;  // behind the last whole record
};

/// The extent at this moment: records that are appended later lie beyond it.
[[nodiscard]] JournalExtent survey_journal(const std::string& directory);

/// Bytes behind the end that are no record: torn by a crash, or damaged. Looks at the whole last segment.
[[nodiscard]] std::size_t torn_tail_bytes(const JournalExtent& extent);

/// What stands at a position.
struct FoundFrame {
  Segment segment;             // keeps the frame mapped
  std::optional<Frame> frame;  // nullopt: no whole record begins at the position or contains it
  bool is_intact = false;      // its checksum is right
  // Where the records next to the position begin, in its segment.
  std::optional<JournalPosition> before;
  std::optional<JournalPosition> after;
};
[[nodiscard]] FoundFrame find_frame(const JournalExtent& extent, JournalPosition position);

}  // namespace tapeline
