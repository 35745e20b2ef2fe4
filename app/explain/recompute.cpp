#include "app/explain/recompute.hpp"

#include <limits>
#include <stdexcept>

#include <fmt/format.h>

#include "app/stage_options.hpp"
#include "core/stages/pipeline_state.hpp"

namespace tapeline::app {
namespace {

constexpr JournalPosition beyond_every_position = ~JournalPosition{0};

}  // namespace

Recomputation::Recomputation(const Config& config, const JournalConfig& journal, const Begin& begin)
    : journal_(journal),
      begin_(begin.position),
      catalog_(make_row_catalog(config.indicators, config.rules, configuration_hash(config))),
      events_(config.runtime.ring_events),
      rows_(config.runtime.ring_rows),
      updates_(config.runtime.ring_updates),
      parser_(parser_options(config, journal, begin.position), marks_, events_, operations_),
      kernels_(kernels_options(config, catalog_, begin.output), events_, rows_, updates_) {}

Recomputation::Recomputation(const Config& config, const JournalExtent& journal)
    : Recomputation(config, journal.config, Begin{}) {}

Recomputation::Recomputation(const Config& config, const JournalConfig& journal, const Recovery& recovery)
    : Recomputation(config, journal,
                    Begin{.position = recovery.start_position,
                          .output = {.stored_position = beyond_every_position,
                                     .live_position = beyond_every_position,
                                     .recover_alerts_ns = std::numeric_limits<Nanos>::max()}}) {
  if (recovery.snapshot && !restore_pipeline(recovery.snapshot, parser_, kernels_))
    throw std::runtime_error("the snapshot that was read before cannot be read again");
}

std::size_t Recomputation::hand_out(const Visit& visit) {
  std::size_t handed = 0;
  for (auto ready = rows_.peek(); !ready.empty(); ready = rows_.peek()) {
    for (const Row& row : ready) {
      if (row.kind == RowKind::instrument) {
        if (instruments_.size() <= row.instrument) instruments_.resize(row.instrument + 1);
        instruments_[row.instrument] = {row.source, row.as_instrument.symbol, row.as_instrument.native_symbol};
      }
      visit(row);
    }
    handed += ready.size();
    rows_.release(ready.size());
  }
  for (auto ready = updates_.peek(); !ready.empty(); ready = updates_.peek()) updates_.release(ready.size());
  return handed;
}

void Recomputation::advance(JournalPosition limit, const Visit& visit) {
  JournalMark* mark = marks_.try_claim();
  TL_CHECK(mark != nullptr);
  mark->end_position = limit;
  marks_.publish();
  for (;;) {
    std::size_t done = parser_.poll();
    done += kernels_.poll();
    done += hand_out(visit);
    if (done > 0) continue;
    if (const std::string failure = parser_.failure(); !failure.empty()) {
      throw std::runtime_error(fmt::format("the journal cannot be read on from position {}: {}",
                                           parser_.counts().position.value(), failure));
    }
    if (kernels_.drained() && hand_out(visit) == 0) return;
  }
}

}  // namespace tapeline::app
