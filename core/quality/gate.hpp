// The data quality gate of a lane: every tick passes all checks before it is stored or reaches a bar (docs/quality.md).
//
// Threads   One, the kernels'.
// Input     events in journal order. Time is theirs, and the journaled clock's; none is asked for.
// Output    Findings, in the order of the checks: at most one of each. Rejected are redeliveries, and what the
//           configuration says; everything else that is found is flagged, stored and used.
// Ordering  A pure function of the events and the configuration: copies that see the same say the same.
// Failure   The constructor throws on a configuration that makes no sense. Nothing after it does.
// Cost      Allocates in add_instrument() only; less than 2.5 KB an instrument.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/model/event.hpp"
#include "core/quality/cadence.hpp"
#include "core/quality/config.hpp"
#include "core/quality/divergence.hpp"
#include "core/quality/event_age.hpp"
#include "core/quality/event_order.hpp"
#include "core/quality/findings.hpp"
#include "core/quality/ledger.hpp"
#include "core/quality/outlier.hpp"
#include "core/quality/trade_sequence.hpp"

namespace tapeline {

class QualityGate {
 public:
  explicit QualityGate(const QualityConfig& config);

  /// Precondition: instruments are added in the order of their index, from 0.
  void add_instrument(SourceCode source, std::string_view symbol);

  /// Checks a tick, and counts it. Precondition: kind tick, and its instrument has been added.
  [[nodiscard]] Findings check(const MarketEvent& tick) noexcept;

  /// Heard of, with nothing to check or count: a poll that brought nothing new, a bar of the source.
  void hear(InstrumentIndex instrument, Nanos receive_ns) noexcept;

  /// For the ledger, what only the caller knows. Data that never became a tick: received, and rejected.
  void count_reject(InstrumentIndex instrument) noexcept;
  /// A tick that check() let pass, and whose bar was closed.
  void count_late(InstrumentIndex instrument) noexcept { ++state(instrument).ledger.counts().late; }

  /// The instrument's minute that is over at `now_ns`, if anything came in it: to be called before anything is counted.
  [[nodiscard]] std::optional<LedgerMinute> roll(InstrumentIndex instrument, Nanos now_ns) noexcept {
    return state(instrument).ledger.roll(now_ns);
  }
  /// What the ledger holds of the running minute, at the end of input.
  [[nodiscard]] std::optional<LedgerMinute> flush(InstrumentIndex instrument) noexcept {
    return state(instrument).ledger.flush();
  }

  /// For every event of the journaled clock: whether the instrument has fallen silent; told once per silence.
  [[nodiscard]] std::optional<Finding> check_silence(InstrumentIndex instrument, Nanos now_ns) noexcept;

  [[nodiscard]] std::size_t instruments() const noexcept { return instruments_.size(); }
  /// Trade ids of the instrument that were skipped and have not come since.
  [[nodiscard]] std::uint64_t missing(InstrumentIndex instrument) const noexcept {
    return instruments_[instrument].sequence.missing();
  }

  /// Precondition: the instruments have been added.
  void archive(auto& archive) { archive(divergence_, std::span(instruments_)); }

 private:
  struct Instrument {
    Cadence cadence;
    EventOrder order;
    EventAge age;
    Ledger ledger;
    TradeSequence sequence;
    OutlierWindow prices;
    bool is_backfilling = false;  // the newest trade did not come by the stream

    void archive(auto& archive) { archive(cadence, order, age, ledger, sequence, prices, is_backfilling); }

    friend bool operator==(const Instrument&, const Instrument&) = default;
  };
  static_assert(sizeof(Instrument) < 2560);

  [[nodiscard]] Instrument& state(InstrumentIndex instrument) noexcept {
    TL_DCHECK(instrument < instruments_.size());
    return instruments_[instrument];
  }
  /// Whether it came after a later one.
  bool check_order(Instrument& instrument, const MarketEvent& tick, Findings& findings) const noexcept;
  void report(TradeSequence::Seen seen, std::uint64_t id, bool is_backfilled, Instrument& instrument,
              Findings& findings) const noexcept;
  void check_price(Instrument& instrument, const MarketEvent& tick, Findings& findings) noexcept;

  QualityConfig config_;
  Cadence::Limits silence_;
  Nanos age_ns_max_;
  Divergence divergence_;
  std::vector<Instrument> instruments_;
};

}  // namespace tapeline
