// An explanation as people read it in a terminal, and as one JSON object.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/explain/comparison.hpp"
#include "app/explain/evidence.hpp"
#include "core/journal/journal_survey.hpp"
#include "sinks/postgres/stored_rows.hpp"

namespace tapeline::app {

struct Explanation {
  sinks::postgres::StoredRow stored;
  std::string alert_id;  // empty: of a bar
  std::string symbol;
  std::string journal;  // what to call it on the command line: a lane, or a directory
  JournalExtent extent;
  std::uint64_t unreadable = 0;  // stretches of the journal that could not be read
  Frame frame;                   // the one that decided; its texts are not used
  std::optional<sinks::postgres::StoredBatch> batch;
  std::string configuration_hash;  // the present one
  Evidence evidence;
  std::vector<ComparedField> fields;  // empty: the recomputation has no such row

  [[nodiscard]] bool is_same() const;
};

enum class Ticks { ends, all };  // the first and last few, or every one

[[nodiscard]] std::string report_text(const Explanation& explanation, Ticks ticks);
/// Keys are stable.
[[nodiscard]] std::string report_json(const Explanation& explanation, Ticks ticks);

}  // namespace tapeline::app
