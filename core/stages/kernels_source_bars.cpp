// What the kernels do with bars that a source delivers itself.
#include <algorithm>

#include "core/stages/kernels.hpp"

namespace tapeline {

void Kernels::add_source_bar(const MarketEvent& event) {
  Instrument& instrument = instruments_[event.instrument];
  // A daily bar begins when the exchange opens; it ends with the exchange's day.
  const Nanos end_ns = event.bar.interval_s == TradingCalendar::day_s
                           ? instrument.calendar->next_day_start(event.event_ns)
                           : event.event_ns + Nanos{event.bar.interval_s} * nanos_per_second;
  Latest& latest = instrument.latest;
  gate_.hear(event.instrument, event.receive_ns);
  if (std::min(end_ns, event.receive_ns) >= latest.event_ns) {
    latest.event_ns = std::min(end_ns, event.receive_ns);
    latest.receive_ns = event.receive_ns;
    latest.price_mantissa = event.price_mantissa;
    latest.price_exponent = event.price_exponent;
    touch(event.instrument);
  }
  // A bar that has not ended is shown as the latest price, and feeds nothing.
  // Our clock may be behind the source's: what it says is over, is over.
  const bool is_over = (event.flags & event_final) != 0 || end_ns <= event.receive_ns;
  if ((event.flags & event_provisional) != 0 || !is_over) return;

  auto series = std::find_if(instrument.source_series.begin(), instrument.source_series.end(),
                             [&](const SourceSeries& s) { return s.interval_s() == event.bar.interval_s; });
  if (series == instrument.source_series.end()) {
    series = instrument.source_series.insert(series, make_source_series(instrument, event.bar.interval_s));
  }
  const OpenBar bar{.start_ns = event.event_ns,
                    .end_ns = end_ns,
                    .open = event.bar.open_mantissa,
                    .high = event.bar.high_mantissa,
                    .low = event.bar.low_mantissa,
                    .close = event.price_mantissa,
                    .volume = event.size_mantissa,
                    .price_exponent = event.price_exponent,
                    .volume_exponent = event.size_exponent,
                    .is_backfilled = (event.flags & event_backfilled) != 0};
  switch (series->add(event)) {
    case SourceBarOutcome::fresh: break;
    case SourceBarOutcome::known: counts_.unchanged.add(); return;
    case SourceBarOutcome::corrected: replace_source_bar(event.instrument, *series, bar, event); return;
    case SourceBarOutcome::corrected_too_late:
      note(event, QualityKind::flag, Reason::source_correction,
           "a closed bar came again with other numbers, but too many have followed: the first ones stay");
      return;
    case SourceBarOutcome::late:
      counts_.late.add();
      note(event, QualityKind::reject, Reason::late_tick, "bar is older than those already taken");
      return;
  }
  counts_.source_bars.add();
  recompute(event.instrument, *series, event);
  series->bars().append({bar, false}, [&](BarEvaluator& evaluator, const ClosedBar& added) {
    evaluate(instrument, evaluator, added.bar, BarOrigin::source);
  });
  finish_bar(event.instrument, event);
}

SourceSeries Kernels::make_source_series(const Instrument& instrument, std::uint32_t interval_s) const {
  const double periods = instrument.calendar->periods_per_year(interval_s);
  return SourceSeries(BarEvaluator(*options_.catalog, options_.indicators, instrument.symbol, interval_s, periods));
}

void Kernels::replace_source_bar(InstrumentIndex index, SourceSeries& series, const OpenBar& bar,
                                 const MarketEvent& event) {
  const OpenBar before = series.bars().replace(bar);
  const std::string detail = "a closed bar came again: close " + to_string(Int128{bar.close}, bar.price_exponent) +
                             ", was " + to_string(Int128{before.close}, before.price_exponent);
  note(event, QualityKind::flag, Reason::source_correction, detail.c_str());
  // At the end of the frame: an answer may correct many bars, and they are computed again once.
  corrected_.push_back(index);
}

void Kernels::recompute(InstrumentIndex index, SourceSeries& series, const MarketEvent& cause) {
  if (!series.bars().is_corrected()) return;
  series.bars().recompute(
      [&](BarEvaluator& evaluator, const ClosedBar& closed) {
        evaluate(instruments_[index], evaluator, closed.bar, BarOrigin::source);
      },
      [&] {
        output_.bar({index, instruments_[index].source}, evaluation_, cause);
      });
  show_latest(index);
}

void Kernels::recompute_corrected(const MarketEvent& cause) {
  for (const InstrumentIndex index : corrected_) {
    for (SourceSeries& series : instruments_[index].source_series) recompute(index, series, cause);
    recompute_ticks(index, cause);
  }
  corrected_.clear();
}

}  // namespace tapeline
