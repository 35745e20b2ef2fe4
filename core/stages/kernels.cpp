#include "core/stages/kernels.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace tapeline {
namespace {

constexpr Nanos never_ns = std::numeric_limits<Nanos>::max();

void copy_text(char* to, std::size_t capacity, std::string_view text) noexcept {
  const std::size_t length = std::min(text.size(), capacity - 1);
  std::memcpy(to, text.data(), length);
  std::memset(to + length, 0, capacity - length);
}

}  // namespace

Kernels::Kernels(Options options, SpscRing<MarketEvent>& events, SpscRing<Row>& rows, SpscRing<Update>& updates)
    : options_(std::move(options)), events_(events), rows_(rows), update_ring_(updates), updates_(updates) {
  std::sort(options_.bars.intervals_s.begin(), options_.bars.intervals_s.end());
  for (SourceClock& clock : clocks_) {
    clock.active.resize(options_.bars.intervals_s.size());
    clock.next_due_ns = never_ns;
  }
}

std::size_t Kernels::poll() noexcept {
  if (!rows_.flush()) return 0;
  if (!updates_.flush()) return 0;
  std::array<Nanos, events_per_poll> received;
  std::size_t done = 0;
  while (done < events_per_poll) {
    const auto ready = events_.peek();
    if (ready.empty()) break;
    std::size_t taken = 0;
    bool has_room = true;
    for (const MarketEvent& event : ready.first(std::min(ready.size(), events_per_poll - done))) {
      handle(event);
      if ((event.flags & event_ends_frame) != 0) {
        if (!corrected_.empty()) recompute_corrected(event);
        end_frame();
      }
      // One sample a frame, when the last of its events is done: a long answer counts once.
      const bool is_sample = event.position >= options_.live_position && (event.flags & event_ends_frame) != 0;
      received[done + taken] = is_sample ? event.receive_ns : never_ns;
      ++taken;
      has_room = rows_.flush() && updates_.flush();
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
  if (events_.peek().empty()) end_frame();
  send_latest();
  return events_.peek().empty() && rows_.flush() && updates_.flush() && dirty_.empty();
}

void Kernels::handle(const MarketEvent& event) {
  switch (event.kind) {
    case EventKind::tick: add_tick(event); return;
    case EventKind::source_bar: add_source_bar(event); return;
    case EventKind::instrument: add_instrument(event); return;
    case EventKind::reject:
    case EventKind::refusal: add_quality(event, event.instrument, event.kind, event.reason, event.text); return;
    case EventKind::clock:
      // A market may be quiet, time is not: bars end once the journaled clock is well past them.
      for (SourceClock& clock : clocks_) {
        const Nanos grace_ns = Nanos{options_.bars.quiet_grace_ms} * nanos_per_millisecond;
        if (clock.is_running) advance(clock, event.event_ns - grace_ns, event);
      }
      if (row_position_ < event.position) {
        static_cast<void>(begin_row(RowKind::progress, no_instrument, event));
      }
      return;
    case EventKind::end_of_input: close_all_partial(event); return;
  }
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
         BarEvaluator(interval_s, instrument.calendar->periods_per_year(interval_s), options_.indicators)});
  }
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  Latest& latest = instrument.latest;
  latest.signal_reason = SignalReason::warming_up;
  latest.rsi = latest.sma = latest.bb_upper = latest.bb_lower = latest.change_pct = latest.volatility = undefined;
  instruments_.push_back(std::move(instrument));
  counts_.instruments.add();

  // Names go out whatever is stored: the writer and the cache need them to read the rows that follow.
  Row& row = fill(hold_row(), RowKind::instrument, event.instrument, event);
  copy_text(row.as_instrument.symbol, sizeof row.as_instrument.symbol, event.names.symbol);
  copy_text(row.as_instrument.native_symbol, sizeof row.as_instrument.native_symbol, event.names.native_symbol);
  const InstrumentRow names = row.as_instrument;

  Update& update = updates_.claim();
  update.kind = UpdateKind::instrument;
  update.source = event.source;
  update.instrument = event.instrument;
  update.position = event.position;
  update.receive_ns = event.receive_ns;
  update.as_instrument = names;
  updates_.publish();
}

Row& Kernels::begin_row(RowKind kind, InstrumentIndex instrument, const MarketEvent& cause) {
  if (cause.end_position <= options_.stored_position) return fill(stored_row_, kind, instrument, cause);
  return fill(hold_row(), kind, instrument, cause);
}

Row& Kernels::hold_row() {
  if (held_row_ != nullptr) rows_.publish();
  held_row_ = &rows_.claim();
  return *held_row_;
}

Row& Kernels::fill(Row& row, RowKind kind, InstrumentIndex instrument, const MarketEvent& cause) noexcept {
  row.kind = kind;
  row.ends_frame = false;
  row.source = cause.source;
  row.instrument = instrument;
  row.position = cause.position;
  row.end_position = cause.end_position;
  row.receive_ns = cause.receive_ns;
  row_position_ = cause.position;
  return row;
}

void Kernels::end_frame() noexcept {
  if (held_row_ == nullptr) return;
  held_row_->ends_frame = true;
  held_row_ = nullptr;
  rows_.publish();
}

void Kernels::add_quality(const MarketEvent& event, InstrumentIndex instrument, EventKind kind, Reason reason,
                          const char* detail) {
  (kind == EventKind::refusal ? counts_.refusals : counts_.rejects).add();
  Row& row = begin_row(RowKind::quality, instrument, event);
  row.as_quality.event_ns = event.event_ns;
  row.as_quality.reason = reason;
  row.as_quality.kind = kind;
  copy_text(row.as_quality.detail, sizeof row.as_quality.detail, detail);
}

void Kernels::add_tick(const MarketEvent& event) {
  Instrument& instrument = instruments_[event.instrument];
  Latest& latest = instrument.latest;
  const std::uint64_t trade_id = event.tick.trade_id;
  if (trade_id == 0 && instrument.has_tick && latest.event_ns == event.event_ns &&
      latest.price_mantissa == event.price_mantissa && latest.price_exponent == event.price_exponent) {
    counts_.unchanged.add();
    return;
  }
  if (trade_id != 0) {
    if (instrument.has_tick && trade_id == instrument.last_trade_id) {
      add_quality(event, event.instrument, EventKind::reject, Reason::duplicate, "trade id was delivered before");
      return;
    }
    if (instrument.has_tick && trade_id > instrument.last_trade_id + 1) {
      counts_.gaps.add();
      add_quality(event, event.instrument, EventKind::reject, Reason::sequence_gap,
                  "trade ids between this and the last are missing");
    }
    instrument.last_trade_id = std::max(instrument.last_trade_id, trade_id);
  }
  counts_.ticks.add();
  Row& row = begin_row(RowKind::tick, event.instrument, event);
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
    add_quality(event, event.instrument, EventKind::reject, Reason::late_tick,
                "stored as a tick, but its bar is closed");
  } else if (worst == TickOutcome::out_of_precision) {
    add_quality(event, event.instrument, EventKind::reject, Reason::out_of_precision,
                "its scale does not fit beside the bar's");
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
        evaluate(series.evaluator, closed->bar, closed->is_filled ? BarOrigin::filled : BarOrigin::ticks);
        finish_bar(index, cause);
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
          evaluate(series.evaluator, closed->bar, BarOrigin::ticks);
          finish_bar(index, cause);
        }
      }
      clock.active[i].clear();
    }
    clock.next_due_ns = never_ns;
  }
}

void Kernels::evaluate(BarEvaluator& evaluator, const OpenBar& bar, BarOrigin origin) noexcept {
  evaluator.evaluate(bar, origin, options_.signals, options_.alerts, evaluation_);
}

void Kernels::write_bar(InstrumentIndex index, const MarketEvent& cause) {
  Row& row = begin_row(RowKind::bar, index, cause);
  row.source = instruments_[index].source;
  row.as_bar = evaluation_.row;
}

void Kernels::finish_bar(InstrumentIndex index, const MarketEvent& cause) {
  counts_.bars.add();
  write_bar(index, cause);
  if (evaluation_.signal_changed) write_signal(index, evaluation_, cause);
  const Nanos age_ns = cause.receive_ns - evaluation_.row.end_ns;
  const bool is_news = age_ns <= Nanos{options_.alerts.max_age_s} * nanos_per_second;
  if (evaluation_.fired_rules != 0 && is_news) write_alerts(index, evaluation_, cause);
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

void Kernels::write_signal(InstrumentIndex index, const BarEvaluator::Evaluation& evaluation,
                           const MarketEvent& cause) {
  const BarRow& bar = evaluation.row;
  counts_.signals.add();
  Row& row = begin_row(RowKind::signal, index, cause);
  row.source = instruments_[index].source;
  row.as_signal = {.bar_start_ns = bar.start_ns,
                   .interval_s = bar.interval_s,
                   .signal = bar.signal,
                   .previous = evaluation.previous_signal,
                   .reason = bar.signal_reason,
                   .trend = bar.trend,
                   .close = to_double(Int128{bar.close_mantissa}, bar.price_exponent),
                   .rsi = bar.rsi,
                   .sma = bar.sma,
                   .bb_upper = bar.bb_upper,
                   .bb_lower = bar.bb_lower};
}

void Kernels::write_alerts(InstrumentIndex index, const BarEvaluator::Evaluation& evaluation,
                           const MarketEvent& cause) {
  const BarRow& bar = evaluation.row;
  if (alert_position_ != cause.position) {
    alert_position_ = cause.position;
    alert_ordinal_ = 0;
  }
  for (std::size_t i = 0; i < alert_rule_count; ++i) {
    if ((evaluation.fired_rules >> i & 1U) == 0) continue;
    const auto rule = static_cast<AlertRule>(i);
    counts_.alerts.add();
    Row& row = begin_row(RowKind::alert, index, cause);
    row.source = instruments_[index].source;
    AlertRow& alert = row.as_alert;
    alert.bar_start_ns = bar.start_ns;
    alert.bar_end_ns = bar.end_ns;
    // 20 bits for the alerts of one frame leave 44 for the position: a journal of 16 TiB.
    alert.id_millis = static_cast<std::uint64_t>(std::max<Nanos>(cause.receive_ns, 0) / nanos_per_millisecond);
    alert.id_sequence = (cause.position << 20U) + alert_ordinal_++;
    alert.interval_s = bar.interval_s;
    alert.rule_version = alert_rules_version;
    alert.severity = severity_of(rule);
    alert.signal = bar.signal;
    alert.trend = bar.trend;
    alert.price_exponent = bar.price_exponent;
    copy_text(alert.rule, sizeof alert.rule, to_string(rule));
    alert.close_mantissa = bar.close_mantissa;
    alert.close = to_double(Int128{bar.close_mantissa}, bar.price_exponent);
    alert.rsi = bar.rsi;
    alert.sma = bar.sma;
    alert.bb_upper = bar.bb_upper;
    alert.bb_lower = bar.bb_lower;
    alert.change_pct = bar.change_pct;
    alert.volatility = bar.volatility;
    const AlertRow copy = alert;

    // Published again after a crash only while it is fresh; its id makes a second delivery change nothing.
    const bool is_old_news = cause.position < options_.live_position && cause.receive_ns < options_.recover_alerts_ns;
    if (is_old_news) continue;
    Update& update = updates_.claim();
    update.kind = UpdateKind::alert;
    update.source = instruments_[index].source;
    update.instrument = index;
    update.position = cause.position;
    update.receive_ns = cause.receive_ns;
    update.as_alert = copy;
    updates_.publish();
  }
}

void Kernels::touch(InstrumentIndex index) {
  Instrument& instrument = instruments_[index];
  if (instrument.is_dirty) return;
  instrument.is_dirty = true;
  dirty_.push_back(index);
}

void Kernels::send_latest() noexcept {
  // Alerts before latest values: while any wait, what is current can wait too.
  if (!updates_.flush()) return;
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
