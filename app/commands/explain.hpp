// `tapeline explain`: why an alert or a bar says what it says, computed again from the journal and held against the row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/config/config.hpp"
#include "app/explain/report.hpp"
#include "core/base/time.hpp"

namespace tapeline::app {

struct ExplainOptions {
  struct Bar {
    std::string symbol;
    std::uint32_t interval_s = 0;
    Nanos time_ns = 0;  // its start, or inside it
  };

  std::string config_file;
  std::string alert_id;    // either this
  std::optional<Bar> bar;  // or this
  std::string source;      // of a bar, where several have the symbol
  std::string lane;        // whose row; empty: the configuration's, or the only one
  std::string journal;     // where the lane's rows were made from another lane's journal
  bool delivered = false;  // the bar that the source delivered, not the one built from ticks
  bool json = false;
  Ticks ticks = Ticks::ends;
};

/// Exit status: 0 everything is as the journal says, 1 something differs.
[[nodiscard]] int run_explain(const ExplainOptions& options);

struct ExplainedRow {
  std::string report;
  bool is_same = false;  // with what is stored
};
/// The report alone, for a configuration that was read for looking back. Throws as the command fails.
[[nodiscard]] ExplainedRow explain(const ExplainOptions& options, const Config& config,
                                   const std::string& configuration_hash);

/// "60", "60s", "1m", "1h", "1d" in seconds; nullopt for anything else.
[[nodiscard]] std::optional<std::uint32_t> parse_interval(std::string_view text) noexcept;

}  // namespace tapeline::app
