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
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bars/config.hpp"
#include "core/bars/tick_bars.hpp"
#include "core/model/row.hpp"
#include "core/model/update.hpp"
#include "core/quality/gate.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/stage.hpp"
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

 private:
  struct TickSeries {
    TickBars bars;
    BarEvaluator evaluator;
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
  void touch(InstrumentIndex index);
  /// Of the shortest interval.
  [[nodiscard]] double provisional_rsi(const Instrument& instrument) const;
  void send_latest() noexcept;

  Options options_;
  SpscRing<MarketEvent>& events_;
  SpscRing<Update>& update_ring_;
  KernelOutput output_;
  QualityGate gate_;
  std::vector<Instrument> instruments_;
  std::array<SourceClock, 256> clocks_;
  std::vector<InstrumentIndex> dirty_;
  std::vector<InstrumentIndex> corrected_;  // in this frame: have source bars to recompute at its end
  BarEvaluator::Evaluation evaluation_;
  KernelsCounts counts_;
};

}  // namespace tapeline
