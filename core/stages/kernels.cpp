#include "core/stages/kernels.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace tapeline {
namespace {

constexpr Nanos never_ns = std::numeric_limits<Nanos>::max();

}  // namespace

Kernels::Kernels(Options options, SpscRing<MarketEvent>& events, SpscRing<Row>& rows, SpscRing<Update>& updates)
    : options_(std::move(options)),
      events_(events),
      output_(options_.output, options_.catalog, rows, updates),
      gate_(options_.quality),
      evaluation_(*options_.catalog) {
  std::sort(options_.bars.intervals_s.begin(), options_.bars.intervals_s.end());
  for (SourceClock& clock : clocks_) {
    clock.active.resize(options_.bars.intervals_s.size());
    clock.next_due_ns = never_ns;
  }
  describe_parts();
}

std::size_t Kernels::poll() noexcept {
  if (!output_.flush()) return 0;
  std::array<Nanos, events_per_poll> received;
  std::size_t measured = 0;
  std::size_t done = 0;
  while (done < events_per_poll) {
    const auto ready = events_.peek();
    if (ready.empty()) break;
    std::size_t taken = 0;
    bool has_room = true;
    for (const MarketEvent& event : ready.first(std::min(ready.size(), events_per_poll - done))) {
      if (event.position >= restore_position_) [[unlikely]]
        restore(std::exchange(restore_, nullptr));
      handle(event);
      if ((event.flags & event_ends_frame) != 0) {
        if (!corrected_.empty()) recompute_corrected(event);
        output_.end_frame();
        position_.store(event.end_position(), std::memory_order_release);  // (C)
        // One sample a frame, when the last of its events is done: a long answer counts once.
        if (event.position >= options_.output.live_position) received[measured++] = event.receive_ns;
      }
      ++taken;
      has_room = !output_.has_backlog() || output_.flush();
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
  if (measured > 0) {
    // One look at the clock for the batch: it is when the last of its rows could be seen downstream.
    const Nanos now_ns = wall_now_ns();
    for (std::size_t i = 0; i < measured; ++i) counts_.received_to_computed.record(now_ns - received[i]);
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
    case EventKind::quote: add_quote(event); return;
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
  instrument.calendar = options_.calendar_of(event.source, instrument.symbol);
  for (const std::uint32_t interval_s : options_.bars.intervals_s) {
    instrument.series.push_back(
        {TickBars(interval_s, options_.bars.empty, *instrument.calendar),
         EvaluatedBars(BarEvaluator(*options_.catalog, options_.indicators, instrument.symbol, interval_s,
                                    instrument.calendar->periods_per_year(interval_s)),
                       History::none)});
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
    // A source whose stamps are always old is delayed, not quiet.
    if (clock.is_running) advance(clock, event.event_ns - grace_ns - clock.delay_ns, event);
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
  const std::uint64_t trade_id = event.trade_id;
  if (trade_id == 0 && instrument.has_tick && latest.event_ns == event.event_ns &&
      latest.price_mantissa == event.price_mantissa && latest.price_exponent == event.price_exponent) {
    counts_.unchanged.add();
    gate_.hear(event.instrument, event.receive_ns);
    return;
  }
  // A history that is polled tells the same points again; without ids only their times say so.
  if (trade_id == 0 && instrument.has_tick && (event.flags & event_backfilled) != 0 &&
      event.event_ns <= latest.event_ns) {
    counts_.unchanged.add();
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
  // What fills a gap is old because it was missed; a history that is polled, because its source is.
  const bool fills_gap = trade_id != 0 && (event.flags & event_backfilled) != 0;
  if (event.event_ns >= clock.watermark_ns && !fills_gap) {
    clock.delay_ns = std::max<Nanos>(0, event.receive_ns - event.event_ns);
  }
  const Nanos horizon_ns = horizon_of(clock);
  clock.is_running = true;
  const bool is_backfilled = (event.flags & event_backfilled) != 0;
  TickOutcome worst = TickOutcome::folded;
  for (std::size_t i = 0; i < instrument.series.size(); ++i) {
    TickSeries& series = instrument.series[i];
    // What counts its trades can be asked for those that it missed.
    if (trade_id != 0) series.closed.keep_history();
    TickOutcome outcome = series.bars.add(tick, horizon_ns);
    if (has_gap) series.bars.mark_gap();
    if (outcome == TickOutcome::late && is_backfilled && correct_closed_bar(event.instrument, series, tick)) continue;
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
  if (is_backfilled && gate_.missing(event.instrument) == 0) close_gap(event.instrument);
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

void Kernels::add_quote(const MarketEvent& event) {
  Latest& latest = instruments_[event.instrument].latest;
  gate_.hear(event.instrument, event.receive_ns);
  latest.bid_mantissa = event.price_mantissa;
  latest.bid_exponent = event.price_exponent;
  latest.ask_mantissa = event.quote.ask_mantissa;
  latest.ask_exponent = event.quote.ask_exponent;
  // Shown beside a price, from the first one on.
  if (latest.price_mantissa == 0) return;
  latest.receive_ns = event.receive_ns;
  touch(event.instrument);
}

Nanos Kernels::horizon_of(const SourceClock& clock) const noexcept {
  return clock.watermark_ns - options_.lateness_ns[static_cast<std::size_t>(&clock - clocks_.data())];
}

void Kernels::advance(SourceClock& clock, Nanos watermark_ns, const MarketEvent& cause) {
  clock.watermark_ns = std::max(clock.watermark_ns, watermark_ns);
  const Nanos horizon_ns = horizon_of(clock);
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
        close(index, series, *closed, cause);
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

void Kernels::close(InstrumentIndex index, TickSeries& series, const ClosedBar& closed, const MarketEvent& cause) {
  if (series.closed.is_corrected()) recompute_ticks(index, cause);
  series.closed.append(closed, [&](BarEvaluator& evaluator, const ClosedBar& added) {
    evaluate(instruments_[index], evaluator, added.bar, added.is_filled ? BarOrigin::filled : BarOrigin::ticks);
  });
  finish_bar(index, cause);
}

void Kernels::close_all_partial(const MarketEvent& cause) {
  for (SourceClock& clock : clocks_) {
    for (std::size_t i = 0; i < clock.active.size(); ++i) {
      for (const InstrumentIndex index : clock.active[i]) {
        TickSeries& series = instruments_[index].series[i];
        series.is_active = false;
        while (const auto closed = series.bars.close_partial()) {
          close(index, series, *closed, cause);
        }
      }
      clock.active[i].clear();
    }
    clock.next_due_ns = never_ns;
  }
}

void Kernels::evaluate(const Instrument& instrument, BarEvaluator& evaluator, const OpenBar& bar,
                       BarOrigin origin) noexcept {
  // A bar across the opening belongs to the session that it opens.
  const std::int64_t session = instrument.calendar->session_of(bar.end_ns - 1);
  evaluator.evaluate(bar, {origin, session}, *options_.catalog, options_.signals, evaluation_);
}

void Kernels::finish_bar(InstrumentIndex index, const MarketEvent& cause) {
  const KernelOutput::Subject subject{index, instruments_[index].source};
  counts_.bars.add();
  output_.bar(subject, evaluation_, cause);
  if (evaluation_.signal_changed) {
    counts_.signals.add();
    output_.signal(subject, evaluation_, cause);
  }
  const Nanos age_ns = cause.receive_ns - evaluation_.row.end_ns;
  const bool is_news = age_ns <= Nanos{options_.alerts.max_age_s} * nanos_per_second;
  if (!evaluation_.fired.empty() && is_news) {
    counts_.alerts.add(evaluation_.fired.size());
    output_.alerts(subject, evaluation_, cause);
  }
  show_latest(index);
}

void Kernels::show_latest(InstrumentIndex index) {
  Latest& latest = instruments_[index].latest;
  const BarRow& bar = evaluation_.row;
  const bool shown = latest.interval_s == 0 || bar.interval_s <= latest.interval_s;
  if (!shown || bar.is_partial) return;
  latest.interval_s = bar.interval_s;
  latest.signal = bar.signal;
  latest.signal_reason = bar.signal_reason;
  latest.trend = bar.trend;
  latest.rsi = bar.rsi;
  latest.sma = bar.sma;
  latest.bb_upper = bar.bb_upper;
  latest.bb_lower = bar.bb_lower;
  latest.change_pct = bar.change_pct;
  latest.volatility = bar.volatility;
  touch(index);
}

void Kernels::touch(InstrumentIndex index) {
  Instrument& instrument = instruments_[index];
  if (instrument.is_dirty) return;
  instrument.is_dirty = true;
  dirty_.push_back(index);
}

double Kernels::provisional_rsi(const Instrument& instrument) const {
  const TickSeries& shortest = instrument.series.front();
  if (!shortest.bars.has_open_bar()) return std::numeric_limits<double>::quiet_NaN();
  return shortest.closed.evaluator().provisional_rsi(instrument.latest.price_mantissa,
                                                     instrument.latest.price_exponent);
}

void Kernels::send_latest() noexcept {
  // Alerts before latest values: while any wait, what is current can wait too.
  if (!output_.flush()) return;
  while (!dirty_.empty()) {
    Update* update = output_.try_claim_update();
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
    update->as_latest.provisional_rsi = provisional_rsi(instrument);
    output_.publish_update();
  }
  static_cast<void>(output_.flush());
}

}  // namespace tapeline
