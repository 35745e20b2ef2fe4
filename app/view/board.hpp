// The latest of every instrument and the newest alerts, for displays.
//
// Threads   The cache stage writes, the control thread copies; a mutex between them, never near the hot path.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/model/update.hpp"
#include "core/stages/row_catalog.hpp"

namespace tapeline::app {

struct BoardLine {
  std::string symbol;
  SourceCode source{};
  bool has_value = false;
  Latest latest{};
  std::uint64_t ticks = 0;
  std::uint64_t version = 0;  // grows with every change on the board
};

struct BoardAlert {
  std::string symbol;
  AlertRow alert{};
  std::string message;  // what the rule says of it
};

class Board {
 public:
  static constexpr std::size_t alerts_max = 32;

  void set_instrument(InstrumentIndex instrument, SourceCode source, const InstrumentRow& names);
  void set_latest(InstrumentIndex instrument, const Latest& latest);
  void add_alert(InstrumentIndex instrument, const AlertRow& alert, const RowCatalog& catalog);

  [[nodiscard]] std::vector<BoardLine> lines() const;
  /// Those that have a value and changed after `version`, with their numbers; `version` becomes the newest.
  [[nodiscard]] std::vector<std::pair<std::size_t, BoardLine>> changes_since(std::uint64_t& version) const;
  /// Newest last.
  [[nodiscard]] std::vector<BoardAlert> alerts() const;
  /// Alerts added so far: those above this number are new to the caller.
  [[nodiscard]] std::uint64_t alert_count() const;

 private:
  mutable std::mutex mutex_;
  std::vector<BoardLine> lines_;
  std::deque<BoardAlert> alerts_;
  std::uint64_t alert_count_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace tapeline::app
