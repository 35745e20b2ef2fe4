// Everything that a journal says under a configuration, computed again: the lane's own stages on one thread, no sinks.
//
// Threads   One; the journal's owner may be running.
// Output    Rows as the kernels make them, in journal order: what is stored must equal them, bit for bit.
// Failure   Throws std::runtime_error when the journal cannot be read on.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config/config.hpp"
#include "app/recovery/recovery.hpp"
#include "core/journal/journal_survey.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"

namespace tapeline::app {

class Recomputation {
 public:
  Recomputation(const Config& config, const JournalExtent& journal);
  /// As a lane goes on after `recovery`, but for its rows: they are computed, and not handed out.
  Recomputation(const Config& config, const JournalConfig& journal, const Recovery& recovery);

  /// What the numbers in its rows stand for.
  [[nodiscard]] const std::shared_ptr<const RowCatalog>& catalog() const noexcept { return catalog_; }

  /// Valid until it returns.
  using Visit = std::function<void(const Row&)>;
  /// All rows of frames that begin before `limit` and have not been visited yet. Precondition: the journal has them whole.
  void advance(JournalPosition limit, const Visit& visit);

  struct Instrument {
    SourceCode source{};
    std::string symbol;
    std::string native_symbol;
  };
  /// Of a row that has been visited. Precondition: the row has an instrument.
  [[nodiscard]] const Instrument& instrument(const Row& row) const { return instruments_.at(row.instrument); }

  /// Where the last frame ends; where it begins to read, before the first.
  [[nodiscard]] JournalPosition position() const noexcept {
    return std::max(begin_, parser_.last_frame().end_position);
  }
  // Between two advances, for whoever saves their state.
  [[nodiscard]] const Parser& parser() const noexcept { return parser_; }
  [[nodiscard]] Kernels& kernels() noexcept { return kernels_; }

  /// Stretches of the journal that could not be read.
  [[nodiscard]] std::uint64_t unreadable() const noexcept { return parser_.counts().corrupt.value(); }

 private:
  std::size_t hand_out(const Visit& visit);

  struct Begin {
    JournalPosition position = 0;
    KernelOutput::Options output;
  };
  Recomputation(const Config& config, const JournalConfig& journal, const Begin& begin);

  JournalConfig journal_;
  JournalPosition begin_;
  std::shared_ptr<const RowCatalog> catalog_;
  SpscRing<JournalMark> marks_{2};
  SpscRing<MarketEvent> events_;
  SpscRing<Row> rows_;
  SpscRing<Update> updates_;
  Operations operations_;
  Parser parser_;
  Kernels kernels_;
  std::vector<Instrument> instruments_;
};

}  // namespace tapeline::app
