#include "sinks/postgres/batch.hpp"

#include <cmath>
#include <utility>

#include "sinks/postgres/tick_partition.hpp"

namespace tapeline::sinks::postgres {
namespace {

std::int64_t signed_position(JournalPosition position) noexcept { return static_cast<std::int64_t>(position); }

/// Without trailing zeros: a bar's prices share a scale, and 61824 is not to read 61824.00 for its neighbour's sake.
void put_exact(CopyEncoder& to, Int128 mantissa, int exponent) {
  for (; exponent < 0 && mantissa % 10 == 0; ++exponent) mantissa /= 10;
  to.numeric(mantissa, exponent);
}

}  // namespace

Batch::Batch(std::shared_ptr<const RowCatalog> catalog) : catalog_(std::move(catalog)) {
  tables_.push_back(
      {"tick",
       "event_time, received_time, event_ns, price_mantissa, size_mantissa, trade_id, journal_position, instrument_id, "
       "source_id, lane_id, price_exponent, size_exponent, side, flags",
       "",
       {},
       {}});
  tables_.push_back(
      {"fact_bar",
       "instrument_id, source_id, interval_s, bar_start, open, high, low, close, volume, trades, sma, rsi, bb_mid, "
       "bb_sigma, bb_upper, bb_lower, percent_b, bandwidth, volatility, volatility_annual, periods_per_year, change, "
       "change_pct, bars_seen, signal, signal_reason, trend, is_partial, is_filled, is_source_bar, lane_id, "
       "journal_position, is_backfilled",
       "instrument_id, interval_s, bar_start, is_source_bar, lane_id",
       {},
       {}});
  tables_.push_back(
      {"fact_signal",
       "instrument_id, source_id, interval_s, bar_start, signal, previous, reason, trend, close, rsi, sma, bb_upper, "
       "bb_lower, lane_id, journal_position",
       "",
       {},
       {}});
  tables_.push_back(
      {"fact_alert",
       "alert_id, rule, rule_version, severity, instrument_id, source_id, symbol, interval_s, bar_start, bar_end, "
       "signal, trend, close, rsi, sma, bb_upper, bb_lower, change_pct, volatility, received_time, lane_id, "
       "journal_position, message, rule_text, evidence, configuration_hash",
       "alert_id, lane_id",
       {},
       {}});
  tables_.push_back(
      {"quality_event",
       "lane_id, journal_position, source_id, instrument_id, event_time, kind, reason, detail, received_time",
       "",
       {},
       {}});
  tables_.push_back(
      {"fact_indicator",
       "instrument_id, source_id, interval_s, bar_start, is_source_bar, name, value, lane_id, journal_position",
       "instrument_id, interval_s, bar_start, name, is_source_bar, lane_id",
       {},
       {}});
  tables_.push_back({"completeness",
                     "lane_id, source_id, instrument_id, minute, received, stored, rejected, duplicates, late, "
                     "out_of_order, flagged, "
                     "missing, filled, journal_position",
                     "",
                     {},
                     {}});
}

std::string Batch::Table::copy_sql() const { return copy_into(name); }

std::string Batch::Table::stage_sql() const {
  return std::string("create temporary table staged_") + name + " (like " + name + ") on commit drop";
}

std::string Batch::Table::copy_to_stage_sql() const { return copy_into(std::string("staged_") + name); }

std::string Batch::Table::merge_sql() const {
  std::string excluded = std::string("excluded.") + columns;
  for (std::size_t at = 0; (at = excluded.find(", ", at)) != std::string::npos;) {
    excluded.insert(at + 2, "excluded.");
    at += 2;
  }
  return std::string("insert into ") + name + " (" + columns + ") select distinct on (" + key + ") " + columns +
         " from staged_" + name + " order by " + key + ", journal_position desc, ctid desc on conflict (" + key +
         ") do update set (" + columns + ") = row (" + excluded + ")";
}

std::string Batch::Table::unstage_sql() const { return std::string("drop table staged_") + name; }

std::string Batch::Table::copy_into(const std::string& target) const {
  return "copy " + target + " (" + columns + ") from stdin (format binary)";
}

void Batch::clear() {
  for (Table& table : tables_) {
    table.rows.clear();
    table.origins.clear();
  }
  refused_.clear();
  tick_days_.clear();
  received_.clear();
  rows_ = 0;
  end_position_ = 0;
  last_position_ = 0;
}

void Batch::set_aside(Table& table, std::size_t row, RefusedRow refused) {
  const auto origin = table.origins.begin() + static_cast<std::ptrdiff_t>(row);
  refused.origin = *origin;
  refused.table = table.name;
  refused.copy = table.rows.take_row(row);
  table.origins.erase(origin);
  if (&table != &tables_[indicators]) --rows_;  // one row of ours has several of these
  refused_.push_back(std::move(refused));
}

CopyEncoder& Batch::begin_row(TableNumber table, std::int16_t fields, const Row& row, const InstrumentKey* instrument) {
  tables_[table].origins.push_back({row.position, row.receive_ns, instrument != nullptr ? instrument->instrument_id : 0,
                                    static_cast<std::int16_t>(row.source)});
  tables_[table].rows.begin_row(fields);
  return tables_[table].rows;
}

void Batch::add(const Row& row, const InstrumentKey* instrument, std::int16_t lane_id) {
  end_position_ = row.end_position;
  switch (row.kind) {
    case RowKind::instrument:
    case RowKind::progress: return;
    case RowKind::tick: add_tick(row, *instrument, lane_id); break;
    case RowKind::bar: add_bar(row, *instrument, lane_id); break;
    case RowKind::signal: add_signal(row, *instrument, lane_id); break;
    case RowKind::alert: add_alert(row, *instrument, lane_id); break;
    case RowKind::quality: add_quality(row, instrument, lane_id); break;
    case RowKind::values: add_values(row, *instrument, lane_id); break;
    case RowKind::completeness: add_completeness(row, *instrument, lane_id); break;
  }
  ++rows_;
  if (std::exchange(last_position_, row.position) != row.position) received_.push_back(row.receive_ns);
}

void Batch::add_tick(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id) {
  const TickRow& tick = row.as_tick;
  if (const std::int64_t day = day_of(tick.event_ns); tick_days_.empty() || *tick_days_.rbegin() != day)
    tick_days_.insert(day);
  CopyEncoder& to = begin_row(ticks, 14, row, &instrument);
  to.timestamptz(tick.event_ns);
  to.timestamptz(row.receive_ns);
  to.int8(tick.event_ns);
  to.int8(tick.price_mantissa);
  to.int8(tick.size_mantissa);
  if (tick.trade_id == 0) {
    to.null();
  } else {
    to.int8(static_cast<std::int64_t>(tick.trade_id));
  }
  to.int8(signed_position(row.position));
  to.int4(instrument.instrument_id);
  to.int2(instrument.source_id);
  to.int2(lane_id);
  to.int2(tick.price_exponent);
  to.int2(tick.size_exponent);
  to.int2(static_cast<std::int16_t>(tick.side));
  to.int2(tick.flags);
}

void Batch::add_bar(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id) {
  const BarRow& bar = row.as_bar;
  CopyEncoder& to = begin_row(bars, 33, row, &instrument);
  to.int4(instrument.instrument_id);
  to.int2(instrument.source_id);
  to.int4(static_cast<std::int32_t>(bar.interval_s));
  to.timestamptz(bar.start_ns);
  for (const std::int64_t price : {bar.open_mantissa, bar.high_mantissa, bar.low_mantissa, bar.close_mantissa}) {
    put_exact(to, price, bar.price_exponent);
  }
  put_exact(to, bar.volume_mantissa, bar.volume_exponent);
  to.int4(static_cast<std::int32_t>(bar.trades));
  for (const double value :
       {bar.sma, bar.rsi, bar.bb_mid, bar.bb_sigma, bar.bb_upper, bar.bb_lower, bar.percent_b, bar.bandwidth,
        bar.volatility, bar.volatility_annual, bar.periods_per_year, bar.change, bar.change_pct}) {
    to.float8(value);
  }
  to.int8(static_cast<std::int64_t>(bar.bars_seen));
  to.text(to_string(bar.signal));
  to.text(to_string(bar.signal_reason));
  to.text(to_string(bar.trend));
  to.boolean(bar.is_partial);
  to.boolean(bar.is_filled);
  to.boolean(bar.is_source_bar);
  to.int2(lane_id);
  to.int8(signed_position(row.position));
  to.boolean(bar.is_backfilled);
}

void Batch::add_signal(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id) {
  const SignalRow& signal = row.as_signal;
  CopyEncoder& to = begin_row(signals, 15, row, &instrument);
  to.int4(instrument.instrument_id);
  to.int2(instrument.source_id);
  to.int4(static_cast<std::int32_t>(signal.interval_s));
  to.timestamptz(signal.bar_start_ns);
  to.text(to_string(signal.signal));
  to.text(to_string(signal.previous));
  to.text(to_string(signal.reason));
  to.text(to_string(signal.trend));
  for (const double value : {signal.close, signal.rsi, signal.sma, signal.bb_upper, signal.bb_lower}) to.float8(value);
  to.int2(lane_id);
  to.int8(signed_position(row.position));
}

void Batch::add_alert(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id) {
  const AlertRow& alert = row.as_alert;
  CopyEncoder& to = begin_row(alerts, 26, row, &instrument);
  to.text(std::to_string(alert.id_millis) + "-" + std::to_string(alert.id_sequence));
  to.text(alert.rule);
  to.int4(static_cast<std::int32_t>(alert.rule_version));
  to.text(to_string(alert.severity));
  to.int4(instrument.instrument_id);
  to.int2(instrument.source_id);
  to.text(instrument.symbol);
  to.int4(static_cast<std::int32_t>(alert.interval_s));
  to.timestamptz(alert.bar_start_ns);
  to.timestamptz(alert.bar_end_ns);
  to.text(to_string(alert.signal));
  to.text(to_string(alert.trend));
  put_exact(to, alert.close_mantissa, alert.price_exponent);
  for (const double value : {alert.rsi, alert.sma, alert.bb_upper, alert.bb_lower, alert.change_pct, alert.volatility})
    to.float8(value);
  to.timestamptz(row.receive_ns);
  to.int2(lane_id);
  to.int8(signed_position(row.position));
  to.text(alert_message(*catalog_, alert, instrument.symbol));
  to.text(catalog_->rules[alert.rule_index].when());
  to.jsonb(alert_evidence(*catalog_, alert));
  to.text(catalog_->configuration_hash);
}

void Batch::add_quality(const Row& row, const InstrumentKey* instrument, std::int16_t lane_id) {
  const QualityRow& event = row.as_quality;
  CopyEncoder& to = begin_row(quality, 9, row, instrument);
  to.int2(lane_id);
  to.int8(signed_position(row.position));
  to.int2(static_cast<std::int16_t>(row.source));
  if (instrument == nullptr) {
    to.null();
  } else {
    to.int4(instrument->instrument_id);
  }
  if (event.event_ns == 0) {
    to.null();
  } else {
    to.timestamptz(event.event_ns);
  }
  to.text(to_string(event.kind));
  to.text(to_string(event.reason));
  to.text(event.detail);
  to.timestamptz(row.receive_ns);
}

void Batch::add_values(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id) {
  const ValuesRow& values = row.as_values;
  for (std::size_t i = 0; i < values.count; ++i) {
    if (std::isnan(values.values[i])) continue;
    CopyEncoder& to = begin_row(indicators, 9, row, &instrument);
    to.int4(instrument.instrument_id);
    to.int2(instrument.source_id);
    to.int4(static_cast<std::int32_t>(values.interval_s));
    to.timestamptz(values.bar_start_ns);
    to.boolean(values.is_source_bar);
    to.text(catalog_->custom_names.at(values.first + i));
    to.float8(values.values[i]);
    to.int2(lane_id);
    to.int8(signed_position(row.position));
  }
}

void Batch::add_completeness(const Row& row, const InstrumentKey& instrument, std::int16_t lane_id) {
  const CompletenessRow& minute = row.as_completeness;
  CopyEncoder& to = begin_row(completeness, 14, row, &instrument);
  to.int2(lane_id);
  to.int2(instrument.source_id);
  to.int4(instrument.instrument_id);
  to.timestamptz(minute.minute_ns);
  for (const std::uint32_t count : {minute.received, minute.stored, minute.rejected, minute.duplicates, minute.late,
                                    minute.out_of_order, minute.flagged}) {
    to.int4(static_cast<std::int32_t>(count));
  }
  to.int8(static_cast<std::int64_t>(minute.missing));
  to.int8(static_cast<std::int64_t>(minute.filled));
  to.int8(signed_position(row.position));
}

}  // namespace tapeline::sinks::postgres
