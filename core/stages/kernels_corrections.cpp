// What the kernels do with trades that come when their bar is closed, because a gap is filled.
#include <algorithm>
#include <string>

#include "core/stages/kernels.hpp"

namespace tapeline {

bool Kernels::correct_closed_bar(InstrumentIndex index, TickSeries& series, const BarTick& tick) {
  const OpenBar alone = series.bars.begin(tick);
  if (!series.closed.reaches(alone.start_ns) || !series.closed.fold(alone, tick)) return false;
  note_correction(index);
  return true;
}

void Kernels::note_correction(InstrumentIndex index) {
  // At the end of the frame: an answer may correct many bars, and they are computed again once.
  if (corrected_.empty() || corrected_.back() != index) corrected_.push_back(index);
}

void Kernels::close_gap(InstrumentIndex index) {
  for (TickSeries& series : instruments_[index].series) {
    series.bars.clear_gap();
    series.closed.clear_gaps();
    if (series.closed.is_corrected()) note_correction(index);
  }
}

void Kernels::recompute_ticks(InstrumentIndex index, const MarketEvent& cause) {
  std::size_t corrected = 0;
  Nanos from_ns = 0;
  for (TickSeries& series : instruments_[index].series) {
    if (!series.closed.is_corrected()) continue;
    const Nanos start_ns = series.closed.corrected_from_ns();
    from_ns = corrected == 0 ? start_ns : std::min(from_ns, start_ns);
    series.closed.recompute(
        [&](BarEvaluator& evaluator, const ClosedBar& closed) {
          evaluate(instruments_[index], evaluator, closed.bar, closed.is_filled ? BarOrigin::filled : BarOrigin::ticks);
        },
        [&] {
          ++corrected;
          output_.bar({index, instruments_[index].source}, evaluation_, cause);
        });
    series.bars.correct_closed(series.closed.newest());
    show_latest(index);
  }
  if (corrected == 0) return;
  const std::string detail = std::to_string(corrected) + " closed bars from " + format_utc(from_ns) +
                             " on were computed again with backfilled trades";
  counts_.flags.add();
  output_.quality({index, instruments_[index].source}, cause, from_ns, QualityKind::flag, Reason::bar_correction,
                  detail.c_str());
}

}  // namespace tapeline
