// Events to rows: ticks become bars, bars become indicators, signals and alerts.
//
// Threads   One, its own. counts() may be read from any.
// Input     parser_kernels ring of MarketEvent, in journal order.
// Output    kernels_writer ring of Row, in journal order; kernels_cache ring of Update, latest values conflated.
// Ordering  A pure function of the events and the options: a replay gives the same rows, bit for bit.
// Failure   When the rows ring is full the stage stops taking events. Latest values that find no room are sent later,
//           newest first; alerts wait in order and are never dropped.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bars/config.hpp"
#include "core/bars/tick_bars.hpp"
#include "core/base/state_archive.hpp"
#include "core/model/row.hpp"
#include "core/model/update.hpp"
#include "core/quality/gate.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/stage.hpp"
#include "core/snapshot/state_part.hpp"
#include "core/stages/bar_evaluator.hpp"
#include "core/stages/kernel_output.hpp"
#include "core/stages/source_bars.hpp"

namespace tapeline {

struct KernelsCounts {
  Counter ticks;
  Counter bars;
  Counter source_bars;
  Counter signals;
  Counter alerts;
  Counter rejects;  // quality rows of kind reject
  Counter flags;    // and of kind flag
  Counter refusals;
  Counter late;
  Counter unchanged;  // polled again with nothing new
  Counter gaps;
  Counter instruments;
  LatencyHistogram received_to_computed;
};

class Kernels final : public Stage {
 public:
  struct Options {
    BarsConfig bars;
    IndicatorsConfig indicators;
    SignalsConfig signals;
    AlertsConfig alerts;
    QualityConfig quality;
    std::shared_ptr<const RowCatalog> catalog;
    std::array<Nanos, 256> lateness_ns{};  // by SourceCode
    /// The instrument's days and sessions, and what annualises its volatility.
    std::function<std::shared_ptr<const TradingCalendar>(SourceCode, std::string_view symbol)> calendar_of;
    KernelOutput::Options output;
  };

  Kernels(Options options, SpscRing<MarketEvent>& events, SpscRing<Row>& rows, SpscRing<Update>& updates);

  [[nodiscard]] std::string_view name() const noexcept override { return "kernels"; }
  std::size_t poll() noexcept override;
  bool drained() noexcept override;

  [[nodiscard]] const KernelsCounts& counts() const noexcept { return counts_; }
  /// Quality rows so far; may be asked from any thread.
  [[nodiscard]] std::uint64_t quality_count(QualityKind kind, Reason reason) const noexcept {
    return output_.quality_count(kind, reason);
  }

  /// Frames that end at or before this are computed, and their alerts counted in alerts_told(); from any thread.
  [[nodiscard]] JournalPosition position() const noexcept { return position_.load(std::memory_order_acquire); }  // (C)
  [[nodiscard]] std::uint64_t alerts_told() const noexcept { return output_.alerts_told(); }

  // The state between two frames, in parts (core/stages/kernels_state.cpp). On the kernels' thread, or before it runs.

  /// What there is to save, and with a key that is equal where everything is that decides what is in it.
  [[nodiscard]] const std::vector<StatePart>& parts() const noexcept { return parts_; }
  /// Precondition: drained().
  void save(std::size_t part, StateWriter& writer);
  /// Makes the instruments known that a state is of, in their order: before anything else.
  void restore_instrument(SourceCode source, std::string_view symbol, std::string_view native_symbol);
  /// Equal where an instrument's bars and sessions have been the same up to `until_ns`.
  [[nodiscard]] std::uint64_t calendar_fingerprint(InstrumentIndex instrument, Nanos until_ns) const noexcept {
    return instruments_[instrument].calendar->fingerprint(until_ns);
  }
  /// A state to put in place: reads a part of it, or says false where it has none of that name and key.
  using LoadPart = std::function<bool(const StatePart& part, const std::function<bool(StateReader&)>& load)>;
  /// Puts the parts of the state behind `position` in place of what has been computed: now, if that is where the
  /// kernels begin, else as soon as they come there. Parts that `load` does not have stay as they were computed.
  void restore(LoadPart load);
  void restore_at(JournalPosition position, LoadPart load);

 private:
  enum class PartKind : std::uint8_t {
    counts,
    quality,
    clocks,
    prices,
    shown,
    bars,
    series,
    source_bars,
    source_series
  };
  struct PartPlace {
    PartKind kind;
    std::size_t series = 0;  // of bars and series: which interval
    BarEvaluator::Part of_series{};
  };
  struct TickSeries {
    TickBars bars;
    EvaluatedBars closed;
    bool is_active = false;  // in its source's list of series with something to close
  };
  struct Instrument {
    SourceCode source{};
    std::string symbol;
    std::shared_ptr<const TradingCalendar> calendar;
    std::vector<TickSeries> series;  // one per configured interval
    std::vector<SourceSeries> source_series;
    Latest latest{};
    bool has_tick = false;
    bool is_dirty = false;
  };
  struct SourceClock {
    Nanos watermark_ns = 0;
    Nanos delay_ns = 0;  // of the newest event, from its stamp to its arrival
    Nanos next_due_ns = 0;
    bool is_running = false;
    std::vector<std::vector<InstrumentIndex>> active;  // by interval
  };
  static constexpr std::size_t events_per_poll = 256;

  void handle(const MarketEvent& event);
  void add_instrument(const MarketEvent& event);
  void add_tick(const MarketEvent& event);
  void add_source_bar(const MarketEvent& event);
  /// The latest bid and ask: a sign of life, and no row.
  void add_quote(const MarketEvent& event);
  void add_reject(const MarketEvent& event);
  /// The quality gate; false: the tick must not be used. `has_gap`: ticks before it are missing.
  [[nodiscard]] bool pass_gate(const MarketEvent& event, bool& has_gap);
  void note(const MarketEvent& event, QualityKind kind, Reason reason, const char* detail);
  void pass_time(const MarketEvent& event);
  void roll_minute(InstrumentIndex index, const MarketEvent& cause);
  void flush_minutes(const MarketEvent& cause);
  /// Nothing came of the frame: the checkpoint may pass it all the same.
  void move_checkpoint(const MarketEvent& event);
  /// Bars that end at or before this are closed, also those that nothing has fallen into.
  [[nodiscard]] Nanos horizon_of(const SourceClock& clock) const noexcept;
  void advance(SourceClock& clock, Nanos watermark_ns, const MarketEvent& cause);
  void close_due(SourceClock& clock, Nanos horizon_ns, const MarketEvent& cause);
  void close(InstrumentIndex index, TickSeries& series, const ClosedBar& closed, const MarketEvent& cause);
  void close_all_partial(const MarketEvent& cause);
  /// Into evaluation_.
  void evaluate(const Instrument& instrument, BarEvaluator& evaluator, const OpenBar& bar, BarOrigin origin) noexcept;
  /// Rows, signals and alerts of the bar just evaluated.
  void finish_bar(InstrumentIndex index, const MarketEvent& cause);
  void show_latest(InstrumentIndex index);
  void replace_source_bar(InstrumentIndex index, SourceSeries& series, const OpenBar& bar, const MarketEvent& event);
  /// Writes corrected bars and those after them anew. What has been signalled stays: only the future can be told again.
  void recompute(InstrumentIndex index, SourceSeries& series, const MarketEvent& cause);
  void recompute_corrected(const MarketEvent& cause);
  /// A backfilled tick of a closed bar; false: its bar cannot be put right any more.
  [[nodiscard]] bool correct_closed_bar(InstrumentIndex index, TickSeries& series, const BarTick& tick);
  /// No trade is missing any more: what was judged with a gap in it is judged again.
  void close_gap(InstrumentIndex index);
  void note_correction(InstrumentIndex index);
  void recompute_ticks(InstrumentIndex index, const MarketEvent& cause);
  void touch(InstrumentIndex index);
  /// Of the shortest interval.
  [[nodiscard]] double provisional_rsi(const Instrument& instrument) const;
  void send_latest() noexcept;
  void describe_parts();
  template <class Archive>
  void archive_part(const PartPlace& place, Archive& archive);
  template <class Archive>
  void archive_bars(std::size_t series, Archive& archive);
  template <class Archive>
  void archive_source_bars(Archive& archive);
  template <class Archive>
  void archive_counts(Archive& archive);
  [[nodiscard]] SourceSeries make_source_series(const Instrument& instrument, std::uint32_t interval_s) const;
  /// What follows from the parts together.
  /// Of parts that are not of the snapshot: what the bars that it has make of them.
  void evaluate_recent();
  void settle_restored();

  Options options_;
  SpscRing<MarketEvent>& events_;
  KernelOutput output_;
  QualityGate gate_;
  std::vector<Instrument> instruments_;
  std::array<SourceClock, 256> clocks_;
  std::vector<InstrumentIndex> dirty_;
  std::vector<InstrumentIndex> corrected_;  // in this frame: have bars to recompute at its end
  BarEvaluator::Evaluation evaluation_;
  KernelsCounts counts_;
  std::vector<StatePart> parts_;
  std::vector<PartPlace> places_;  // of the parts
  JournalPosition restore_position_ = ~JournalPosition{0};
  LoadPart restore_;
  std::atomic<JournalPosition> position_{0};  // (C) release here, acquire in position()
};

}  // namespace tapeline
