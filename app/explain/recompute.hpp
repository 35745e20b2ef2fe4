// Everything that a journal says under a configuration, computed again: the lane's own stages on one thread, no sinks.
//
// Threads   One; the journal's owner may be running.
// Output    Rows as the kernels make them, in journal order: what is stored must equal them, bit for bit.
// Failure   Throws std::runtime_error when the journal cannot be read on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config/config.hpp"
#include "core/journal/journal_survey.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"

namespace tapeline::app {

class Recomputation {
 public:
  Recomputation(const Config& config, const JournalExtent& journal);

  /// What the numbers in its rows stand for.
  [[nodiscard]] const std::shared_ptr<const RowCatalog>& catalog() const noexcept { return catalog_; }

  /// Valid until it returns.
  using Visit = std::function<void(const Row&)>;
  /// All rows of frames that end at or before `limit` and have not been visited yet. Precondition: `limit` is where a
  /// frame ends, within the extent.
  void advance(JournalPosition limit, const Visit& visit);

  struct Instrument {
    SourceCode source{};
    std::string symbol;
    std::string native_symbol;
  };
  /// Of a row that has been visited. Precondition: the row has an instrument.
  [[nodiscard]] const Instrument& instrument(const Row& row) const { return instruments_.at(row.instrument); }

  /// Stretches of the journal that could not be read.
  [[nodiscard]] std::uint64_t unreadable() const noexcept { return parser_.counts().corrupt.value(); }

 private:
  std::size_t hand_out(const Visit& visit);

  JournalExtent journal_;
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
