// `tapeline journal export | stats`: frames by time, source and symbol as JSON lines or as a recording; what there is in
// numbers. The journal is only read; the lane may be running. Indices are kept beside closed segments (app/journal_index).
#pragma once

#include <optional>
#include <string>

#include "core/base/time.hpp"

namespace tapeline::app {

enum class ExportFormat {
  json,       // one object a frame, with everything that the journal has of it
  recording,  // lines `<receive time, ns> <payload>` of one source, as `tapeline replay` reads them
};

struct JournalExportOptions {
  std::string config_file;
  std::string lane;  // or a directory; empty: the configuration's lane
  ExportFormat format = ExportFormat::json;
  std::optional<Nanos> from_ns;  // received at or after
  std::optional<Nanos> to_ns;    // and before
  std::string source;            // empty: all, and frames of no source
  std::string symbol;            // ours or the native name; empty: all
};

/// Exit status: 0, 1 some frames could not be exported, which standard error says.
[[nodiscard]] int run_journal_export(const JournalExportOptions& options);

struct JournalStatsOptions {
  std::string config_file;
  std::string lane;  // or a directory; empty: the configuration's lane
  bool json = false;
};

[[nodiscard]] int run_journal_stats(const JournalStatsOptions& options);

}  // namespace tapeline::app
