#include "core/stages/kernel_output.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/fixed_text.hpp"

namespace tapeline {

void KernelOutput::announce(const MarketEvent& event) {
  // Names go out whatever is stored: the writer and the cache need them to read the rows that follow.
  Row& row = fill(hold_row(), RowKind::instrument, {event.instrument, event.source}, event);
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

void KernelOutput::quality(Subject subject, const MarketEvent& cause, Nanos event_ns, QualityKind kind, Reason reason,
                           const char* detail) {
  quality_counts_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(reason)].add();
  Row& row = begin_row(RowKind::quality, subject, cause);
  row.as_quality.event_ns = event_ns;
  row.as_quality.reason = reason;
  row.as_quality.kind = kind;
  copy_text(row.as_quality.detail, sizeof row.as_quality.detail, detail);
}

void KernelOutput::completeness(Subject subject, const LedgerMinute& minute, const MarketEvent& cause) {
  begin_row(RowKind::completeness, subject, cause).as_completeness = {.minute_ns = minute.minute_ns,
                                                                      .received = minute.received,
                                                                      .stored = minute.stored,
                                                                      .rejected = minute.rejected,
                                                                      .duplicates = minute.duplicates,
                                                                      .late = minute.late,
                                                                      .out_of_order = minute.out_of_order,
                                                                      .flagged = minute.flagged,
                                                                      .missing = minute.missing,
                                                                      .filled = minute.filled};
}

void KernelOutput::bar(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause) {
  begin_row(RowKind::bar, subject, cause).as_bar = evaluation.row;
  if (!evaluation.row.is_partial) values(subject, evaluation, cause);
}

void KernelOutput::values(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause) {
  for (std::size_t first = 0; first < evaluation.custom.size(); first += ValuesRow::capacity) {
    const std::size_t count = std::min(evaluation.custom.size() - first, ValuesRow::capacity);
    const auto begin = evaluation.custom.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(count);
    if (std::all_of(begin, end, [](double value) { return std::isnan(value); })) continue;
    ValuesRow& row = begin_row(RowKind::values, subject, cause).as_values;
    row.bar_start_ns = evaluation.row.start_ns;
    row.interval_s = evaluation.row.interval_s;
    row.first = static_cast<std::uint16_t>(first);
    row.count = static_cast<std::uint8_t>(count);
    row.is_source_bar = evaluation.row.is_source_bar;
    std::copy(begin, end, row.values);
  }
}

void KernelOutput::signal(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause) {
  begin_row(RowKind::signal, subject, cause).as_signal = signal_row_of(evaluation);
}

void KernelOutput::alerts(Subject subject, const BarEvaluator::Evaluation& evaluation, const MarketEvent& cause) {
  const BarRow& bar = evaluation.row;
  if (alert_position_ != cause.position) {
    alert_position_ = cause.position;
    alert_ordinal_ = 0;
  }
  for (const std::uint16_t index : evaluation.fired) {
    const Rule& rule = catalog_->rules[index];
    AlertRow& alert = begin_row(RowKind::alert, subject, cause).as_alert;
    alert.bar_start_ns = bar.start_ns;
    alert.bar_end_ns = bar.end_ns;
    // 20 bits for the alerts of one frame leave 44 for the position: a journal of 16 TiB.
    alert.id_millis = static_cast<std::uint64_t>(std::max<Nanos>(cause.receive_ns, 0) / nanos_per_millisecond);
    alert.id_sequence = (cause.position << 20U) + alert_ordinal_++;
    alert.interval_s = bar.interval_s;
    alert.rule_version = rule.version();
    alert.severity = rule.severity();
    alert.signal = bar.signal;
    alert.trend = bar.trend;
    alert.price_exponent = bar.price_exponent;
    alert.rule_index = index;
    copy_text(alert.rule, sizeof alert.rule, rule.name());
    alert.close_mantissa = bar.close_mantissa;
    alert.close = to_double(Int128{bar.close_mantissa}, bar.price_exponent);
    alert.rsi = bar.rsi;
    alert.sma = bar.sma;
    alert.bb_upper = bar.bb_upper;
    alert.bb_lower = bar.bb_lower;
    alert.change_pct = bar.change_pct;
    alert.volatility = bar.volatility;
    alert.evidence_count = 0;
    for (const std::uint16_t field : rule.fields()) alert.evidence[alert.evidence_count++] = evaluation.fields[field];
    publish_alert(subject, alert, cause);
  }
}

void KernelOutput::publish_alert(Subject subject, const AlertRow& alert, const MarketEvent& cause) {
  // Published again after a crash only while it is fresh; its id makes a second delivery change nothing.
  const bool is_old_news = cause.position < options_.live_position && cause.receive_ns < options_.recover_alerts_ns;
  if (is_old_news) return;
  Update& update = updates_.claim();
  update.kind = UpdateKind::alert;
  update.source = subject.source;
  update.instrument = subject.instrument;
  update.position = cause.position;
  update.receive_ns = cause.receive_ns;
  update.as_alert = alert;
  alerts_told_.add();
  updates_.publish();
  has_alert_ = true;
}

}  // namespace tapeline
