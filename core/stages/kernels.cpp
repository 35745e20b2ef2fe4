#include "core/stages/kernels.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace tapeline {
namespace {

constexpr Nanos never_ns = std::numeric_limits<Nanos>::max();
constexpr Nanos day_ns = 86'400 * nanos_per_second;

}  // namespace

Kernels::Kernels(Options options, SpscRing<MarketEvent>& events, SpscRing<Row>& rows, SpscRing<Update>& updates)
    : options_(std::move(options)),
      events_(events),
      update_ring_(updates),
      output_(options_.output, options_.catalog, rows, updates),
      gate_(options_.quality),
      evaluation_(*options_.catalog) {
  std::sort(options_.bars.intervals_s.begin(), options_.bars.intervals_s.end());
  for (SourceClock& clock : clocks_) {
    clock.active.resize(options_.bars.intervals_s.size());
    clock.next_due_ns = never_ns;
  }
}

std::size_t Kernels::poll() noexcept {
  if (!output_.flush()) return 0;
  std::array<Nanos, events_per_poll> received;
  std::size_t done = 0;
  while (done < events_per_poll) {
    const auto ready = events_.peek();
    if (ready.empty()) break;
    std::size_t taken = 0;
    bool has_room = true;
    for (const MarketEvent& event : ready.first(std::min(ready.size(), events_per_poll - done))) {
      handle(event);
      if ((event.flags & event_ends_frame) != 0) output_.end_frame();
      // One sample a frame, when the last of its events is done: a long answer counts once.
      const bool is_sample = event.position >= options_.output.live_position && (event.flags & event_ends_frame) != 0;
      received[done + taken] = is_sample ? event.receive_ns : never_ns;
      ++taken;
      has_room = output_.flush();
      if (!has_room) break;
    }
    events_.release(taken);
    done += taken;
    if (!has_room) break;
  }
  if (done == 0) {
    if (!dirty_.empty()) send_latest();
    return 0;
  }
  send_latest();
  // One look at the clock for the batch: it is when the last of its rows could be seen downstream.
  const Nanos now_ns = wall_now_ns();
  for (std::size_t i = 0; i < done; ++i) {
    if (received[i] != never_ns) counts_.received_to_computed.record(now_ns - received[i]);
  }
  return done;
}

bool Kernels::drained() noexcept {
  if (events_.peek().empty()) output_.end_frame();
  send_latest();
  return events_.peek().empty() && output_.flush() && dirty_.empty();
}

void Kernels::handle(const MarketEvent& event) {
  switch (event.kind) {
    case EventKind::tick: add_tick(event); return;
    case EventKind::source_bar: add_source_bar(event); return;
    case EventKind::instrument: add_instrument(event); return;
    case EventKind::reject: add_reject(event); return;
    case EventKind::refusal:
      counts_.refusals.add();
      output_.quality({event.instrument, event.source}, event, event.event_ns, QualityKind::refusal, event.reason,
                      event.text);
      return;
    case EventKind::clock:
      pass_time(event);
      move_checkpoint(event);
      return;
    case EventKind::session_end:
      pass_time(event);
      flush_minutes(event);
      move_checkpoint(event);
      return;
    case EventKind::end_of_input:
      close_all_partial(event);
      flush_minutes(event);
      return;
  }
}

void Kernels::move_checkpoint(const MarketEvent& event) {
  if (output_.row_position() >= event.position) return;
  static_cast<void>(output_.begin_row(RowKind::progress, {no_instrument, event.source}, event));
}

void Kernels::add_instrument(const MarketEvent& event) {
  TL_CHECK(event.instrument == instruments_.size());
  Instrument instrument;
  instrument.source = event.source;
  instrument.symbol = event.names.symbol;
  for (const std::uint32_t interval_s : options_.bars.intervals_s) {
    instrument.series.push_back(
        {TickBars(interval_s, options_.bars.empty),
         BarEvaluator(*options_.catalog, options_.indicators, instrument.symbol, interval_s,
                      options_.periods_per_year(event.source, instrument.symbol, interval_s))});
  }
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  Latest& latest = instrument.latest;
  latest.signal_reason = SignalReason::warming_up;
  latest.rsi = latest.sma = latest.bb_upper = latest.bb_lower = latest.change_pct = latest.volatility = undefined;
  gate_.add_instrument(event.source, instrument.symbol);
  instruments_.push_back(std::move(instrument));
  counts_.instruments.add();

  output_.announce(event);
}

void Kernels::note(const MarketEvent& event, QualityKind kind, Reason reason, const char* detail) {
  (kind == QualityKind::reject ? counts_.rejects : counts_.flags).add();
  output_.quality({event.instrument, event.source}, event, event.event_ns, kind, reason, detail);
}

void Kernels::add_reject(const MarketEvent& event) {
  if (event.instrument != no_instrument) {
    roll_minute(event.instrument, event);
    gate_.count_reject(event.instrument);
  }
  note(event, QualityKind::reject, event.reason, event.text);
}

void Kernels::roll_minute(InstrumentIndex index, const MarketEvent& cause) {
  if (const auto minute = gate_.roll(index, cause.receive_ns)) {
    output_.completeness({index, instruments_[index].source}, *minute, cause);
  }
}

void Kernels::pass_time(const MarketEvent& event) {
  // A market may be quiet, time is not: bars end once the journaled clock is well past them.
  for (SourceClock& clock : clocks_) {
    const Nanos grace_ns = Nanos{options_.bars.quiet_grace_ms} * nanos_per_millisecond;
    if (clock.is_running) advance(clock, event.event_ns - grace_ns, event);
  }
  for (InstrumentIndex index = 0; index < instruments_.size(); ++index) {
    roll_minute(index, event);
    if (const auto finding = gate_.check_silence(index, event.event_ns)) {
      counts_.flags.add();
      output_.quality({index, instruments_[index].source}, event, instruments_[index].latest.event_ns,
                      QualityKind::flag, finding->reason, finding->detail);
    }
  }
}

void Kernels::flush_minutes(const MarketEvent& cause) {
  for (InstrumentIndex index = 0; index < instruments_.size(); ++index) {
    if (const auto minute = gate_.flush(index)) {
      output_.completeness({index, instruments_[index].source}, *minute, cause);
    }
  }
}

bool Kernels::pass_gate(const MarketEvent& event, bool& has_gap) {
  roll_minute(event.instrument, event);
  const Findings findings = gate_.check(event);
  for (const Finding& finding : findings) {
    if (finding.reason == Reason::sequence_gap) {
      has_gap = true;
      counts_.gaps.add();
    }
    note(event, finding.action == Action::reject ? QualityKind::reject : QualityKind::flag, finding.reason,
         finding.detail);
  }
  return !findings.rejected();
}

void Kernels::add_tick(const MarketEvent& event) {
  Instrument& instrument = instruments_[event.instrument];
  Latest& latest = instrument.latest;
  const std::uint64_t trade_id = event.tick.trade_id;
  if (trade_id == 0 && instrument.has_tick && latest.event_ns == event.event_ns &&
      latest.price_mantissa == event.price_mantissa && latest.price_exponent == event.price_exponent) {
    counts_.unchanged.add();
    gate_.hear(event.instrument, event.receive_ns);
    return;
  }
  bool has_gap = false;
  if (!pass_gate(event, has_gap)) return;
  counts_.ticks.add();
  Row& row = output_.begin_row(RowKind::tick, {event.instrument, event.source}, event);
  row.as_tick = {.event_ns = event.event_ns,
                 .price_mantissa = event.price_mantissa,
                 .size_mantissa = event.size_mantissa,
                 .trade_id = trade_id,
                 .price_exponent = event.price_exponent,
                 .size_exponent = event.size_exponent,
                 .side = event.side,
                 .flags = static_cast<std::uint8_t>(event.flags & event_backfilled)};

  const BarTick tick{event.event_ns,
                     trade_id,
                     {event.price_mantissa, event.price_exponent},
                     {event.size_mantissa, event.size_exponent}};
  SourceClock& clock = clocks_[static_cast<std::size_t>(event.source)];
  if (!clock.is_running) clock.watermark_ns = event.event_ns;
  clock.is_running = true;
  TickOutcome worst = TickOutcome::folded;
  for (std::size_t i = 0; i < instrument.series.size(); ++i) {
    TickSeries& series = instrument.series[i];
    const TickOutcome outcome = series.bars.add(tick);
    if (has_gap) series.bars.mark_gap();
    if (outcome != TickOutcome::folded) {
      if (worst == TickOutcome::folded) worst = outcome;
      continue;
    }
    if (!series.is_active) {
      series.is_active = true;
      clock.active[i].push_back(event.instrument);
      clock.next_due_ns = std::min(clock.next_due_ns, *series.bars.next_end_ns());
    } else if (event.event_ns < clock.watermark_ns) {
      clock.next_due_ns = std::min(clock.next_due_ns, *series.bars.next_end_ns());
    }
  }
  if (worst == TickOutcome::late) {
    counts_.late.add();
    gate_.count_late(event.instrument);
    note(event, QualityKind::flag, Reason::late_tick, "stored as a tick, but its bar is closed");
  } else if (worst == TickOutcome::out_of_precision) {
    note(event, QualityKind::flag, Reason::out_of_precision, "its scale does not fit beside the bar's");
  }
  // Shows the newest by event time; a straggler changes bars, not what is current.
  if (!instrument.has_tick || event.event_ns >= latest.event_ns) {
    latest.event_ns = event.event_ns;
    latest.price_mantissa = event.price_mantissa;
    latest.price_exponent = event.price_exponent;
  }
  instrument.has_tick = true;
  ++latest.ticks;
  latest.receive_ns = event.receive_ns;
  touch(event.instrument);
  advance(clock, event.event_ns, event);
}

void Kernels::add_source_bar(const MarketEvent& event) {
  Instrument& instrument = instruments_[event.instrument];
  const Nanos end_ns = event.event_ns + static_cast<Nanos>(event.bar.interval_s) * nanos_per_second;
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
  if ((event.flags & event_provisional) != 0 || end_ns > event.receive_ns) return;

  auto series = std::find_if(instrument.source_series.begin(), instrument.source_series.end(),
                             [&](const SourceSeries& s) { return s.evaluator.interval_s() == event.bar.interval_s; });
  if (series == instrument.source_series.end()) {
    const double periods = options_.periods_per_year(event.source, instrument.symbol, event.bar.interval_s);
    series = instrument.source_series.emplace(
        series, BarEvaluator(*options_.catalog, options_.indicators, instrument.symbol, event.bar.interval_s, periods));
  }
  switch (series->add(event)) {
    case SourceBarOutcome::fresh: break;
    case SourceBarOutcome::known: counts_.unchanged.add(); return;
    case SourceBarOutcome::corrected:
      note(event, QualityKind::flag, Reason::source_correction, "a closed bar came again with other numbers");
      return;
    case SourceBarOutcome::late:
      counts_.late.add();
      note(event, QualityKind::reject, Reason::late_tick, "bar is older than those already taken");
      return;
  }
  counts_.source_bars.add();
  OpenBar bar{.start_ns = event.event_ns,
              .open = event.bar.open_mantissa,
              .high = event.bar.high_mantissa,
              .low = event.bar.low_mantissa,
              .close = event.price_mantissa,
              .volume = event.size_mantissa,
              .price_exponent = event.price_exponent,
              .volume_exponent = event.size_exponent};
  finish_bar(event.instrument, series->evaluator, bar, BarOrigin::source, event);
}

void Kernels::advance(SourceClock& clock, Nanos watermark_ns, const MarketEvent& cause) {
  clock.watermark_ns = std::max(clock.watermark_ns, watermark_ns);
  const auto source = static_cast<std::size_t>(&clock - clocks_.data());
  const Nanos horizon_ns = clock.watermark_ns - options_.lateness_ns[source];
  if (horizon_ns >= clock.next_due_ns) close_due(clock, horizon_ns, cause);
}

void Kernels::close_due(SourceClock& clock, Nanos horizon_ns, const MarketEvent& cause) {
  clock.next_due_ns = never_ns;
  for (std::size_t i = 0; i < clock.active.size(); ++i) {
    std::vector<InstrumentIndex>& active = clock.active[i];
    std::size_t kept = 0;
    for (const InstrumentIndex index : active) {
      TickSeries& series = instruments_[index].series[i];
      while (const auto closed = series.bars.close_next(horizon_ns)) {
        finish_bar(index, series.evaluator, closed->bar, closed->is_filled ? BarOrigin::filled : BarOrigin::ticks,
                   cause);
      }
      if (const auto next_end_ns = series.bars.next_end_ns()) {
        clock.next_due_ns = std::min(clock.next_due_ns, *next_end_ns);
        active[kept++] = index;
      } else {
        series.is_active = false;
      }
    }
    active.resize(kept);
  }
}

void Kernels::close_all_partial(const MarketEvent& cause) {
  for (SourceClock& clock : clocks_) {
    for (std::size_t i = 0; i < clock.active.size(); ++i) {
      for (const InstrumentIndex index : clock.active[i]) {
        TickSeries& series = instruments_[index].series[i];
        series.is_active = false;
        while (const auto closed = series.bars.close_partial()) {
          finish_bar(index, series.evaluator, closed->bar, BarOrigin::ticks, cause);
        }
      }
      clock.active[i].clear();
    }
    clock.next_due_ns = never_ns;
  }
}

void Kernels::finish_bar(InstrumentIndex index, BarEvaluator& evaluator, const OpenBar& bar, BarOrigin origin,
                         const MarketEvent& cause) {
  Instrument& instrument = instruments_[index];
  const KernelOutput::Subject subject{index, instrument.source};
  const Nanos end_ns = bar.start_ns + Nanos{evaluator.interval_s()} * nanos_per_second;
  evaluator.evaluate(bar, {origin, end_ns, bar.start_ns / day_ns}, *options_.catalog, options_.signals, evaluation_);
  counts_.bars.add();
  output_.bar(subject, evaluation_, cause);
  if (evaluation_.signal_changed) {
    counts_.signals.add();
    output_.signal(subject, evaluation_, cause);
  }
  const bool is_news = cause.receive_ns - end_ns <= Nanos{options_.alerts.max_age_s} * nanos_per_second;
  if (!evaluation_.fired.empty() && is_news) {
    counts_.alerts.add(evaluation_.fired.size());
    output_.alerts(subject, evaluation_, end_ns, cause);
  }

  Latest& latest = instrument.latest;
  const bool shown = latest.interval_s == 0 || evaluator.interval_s() <= latest.interval_s;
  if (!shown || bar.is_partial) return;
  latest.interval_s = evaluator.interval_s();
  latest.signal = evaluation_.row.signal;
  latest.signal_reason = evaluation_.row.signal_reason;
  latest.trend = evaluation_.row.trend;
  latest.rsi = evaluation_.row.rsi;
  latest.sma = evaluation_.row.sma;
  latest.bb_upper = evaluation_.row.bb_upper;
  latest.bb_lower = evaluation_.row.bb_lower;
  latest.change_pct = evaluation_.row.change_pct;
  latest.volatility = evaluation_.row.volatility;
  touch(index);
}

void Kernels::touch(InstrumentIndex index) {
  Instrument& instrument = instruments_[index];
  if (instrument.is_dirty) return;
  instrument.is_dirty = true;
  dirty_.push_back(index);
}

void Kernels::send_latest() noexcept {
  // Alerts before latest values: while any wait, what is current can wait too.
  if (!output_.flush()) return;
  while (!dirty_.empty()) {
    Update* update = update_ring_.try_claim();
    if (update == nullptr) return;
    const InstrumentIndex index = dirty_.back();
    dirty_.pop_back();
    Instrument& instrument = instruments_[index];
    instrument.is_dirty = false;
    update->kind = UpdateKind::latest;
    update->source = instrument.source;
    update->instrument = index;
    update->position = 0;
    update->receive_ns = instrument.latest.receive_ns;
    update->as_latest = instrument.latest;
    update_ring_.publish();
  }
}

}  // namespace tapeline
