// Looks at every bit of a journal: headers, checksums, padding, what is behind the last record, the chain of hashes.
//
// Threads   Any; the journal's owner may append, compress and delete meanwhile.
// Failure   Findings name segment and position. Throws as survey_journal() where there is no journal to look at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/journal/digest.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

struct JournalFinding {
  std::uint64_t segment = 0;
  JournalPosition begin = 0;
  JournalPosition end = 0;
  std::string what;
};

struct JournalCheck {
  std::uint64_t segments = 0;
  std::uint64_t chained_segments = 0;  // whose hash stands in the next one, and is right
  std::uint64_t frames = 0;
  JournalPosition first_position = 0;
  JournalPosition end_position = 0;
  std::uint64_t torn_bytes = 0;  // behind the end: what a crash cut in the middle
  Digest last_closed{};          // hash of the last closed segment: it stands for all before it
  std::uint64_t last_closed_index = 0;
  bool has_closed = false;
  std::vector<JournalFinding> findings;
};

[[nodiscard]] JournalCheck check_journal(const std::string& directory);

}  // namespace tapeline
