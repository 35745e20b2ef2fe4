#include "app/explain/evidence.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/stages/source_bars.hpp"

namespace tapeline::app {
namespace {

constexpr Nanos day_surplus_ns = 3'600 * nanos_per_second;

Nanos time_of(const Row& note) noexcept {
  return note.as_quality.event_ns != 0 ? note.as_quality.event_ns : note.receive_ns;
}

}  // namespace

std::string alert_id_of(const AlertRow& alert) { return fmt::format("{}-{}", alert.id_millis, alert.id_sequence); }

void Evidence::add(const Row& row) {
  if (row.kind == RowKind::instrument) {
    const bool is_target = row.source == target_.source && target_.native_symbol == row.as_instrument.native_symbol;
    if (is_target) instrument_ = row.instrument;
    return;
  }
  if (row.kind == RowKind::alert) add_alert(row);
  const bool is_of_source = row.instrument == no_instrument && row.source == target_.source;
  if (row.kind == RowKind::quality && (row.instrument == instrument_ || is_of_source)) kept_notes_.push_back(row);
  if (row.instrument != instrument_ || instrument_ == no_instrument) return;
  if (row.kind == RowKind::tick) add_tick(row);
  if (row.kind == RowKind::bar) add_bar(row);
  if (row.kind == RowKind::values) add_values(row);
}

void Evidence::add_tick(const Row& row) {
  const TickRow& tick = row.as_tick;
  // When a day ends is known once its bar is there: it may be one of 25 hours.
  const Nanos end_ns = target_.bar_start_ns + Nanos{target_.interval_s} * nanos_per_second + day_surplus_ns;
  if (tick.event_ns < target_.bar_start_ns || tick.event_ns >= end_ns) return;
  open_ticks_.push_back({tick.event_ns,
                         {tick.price_mantissa, tick.price_exponent},
                         {tick.size_mantissa, tick.size_exponent},
                         tick.trade_id,
                         row.position});
}

void Evidence::add_bar(const Row& row) {
  const BarRow& bar = row.as_bar;
  if (bar.interval_s != target_.interval_s) return;
  Series& series = series_[bar.is_source_bar ? 1 : 0];
  series.newest = row;
  // A correction brings the bar again, and those after it.
  while (!series.closes.empty() && series.closes.back().bar_start_ns >= bar.start_ns) series.closes.pop_back();
  if (!bar.is_partial) {
    series.closes.push_back({bar.start_ns, {bar.close_mantissa, bar.price_exponent}});
    if (series.closes.size() > window_ + EvaluatedBars::recomputed_max) series.closes.pop_front();
  }
  const bool is_target =
      target_.alert_id.empty() && bar.start_ns == target_.bar_start_ns && bar.is_source_bar == target_.is_source_bar;
  if (is_target) settle(series);
  // What was noted before the oldest close that anyone may ask for is of no use any more.
  Nanos oldest_ns = bar.start_ns;
  for (const Series& one : series_) {
    if (!one.closes.empty()) oldest_ns = std::min(oldest_ns, one.closes.front().bar_start_ns);
  }
  while (!kept_notes_.empty() && time_of(kept_notes_.front()) < oldest_ns) kept_notes_.pop_front();
}

void Evidence::add_alert(const Row& row) {
  if (target_.alert_id.empty() || alert_id_of(row.as_alert) != target_.alert_id) return;
  alert_ = row;
  if (row.instrument != instrument_) return;
  // An alert follows the bar that fired it.
  for (const Series& series : series_) {
    const bool is_its_bar = series.newest && series.newest->position == row.position &&
                            series.newest->as_bar.start_ns == row.as_alert.bar_start_ns &&
                            series.newest->as_bar.interval_s == row.as_alert.interval_s;
    if (is_its_bar) settle(series);
  }
}

void Evidence::add_values(const Row& row) {
  const ValuesRow& values = row.as_values;
  const bool is_of_bar = bar_ && target_.alert_id.empty() && row.position == bar_->position &&
                         values.bar_start_ns == bar_->as_bar.start_ns && values.interval_s == bar_->as_bar.interval_s &&
                         values.is_source_bar == bar_->as_bar.is_source_bar;
  if (is_of_bar) values_.push_back(row);
}

void Evidence::settle(const Series& series) {
  bar_ = series.newest;
  closes_ = series.closes;
  values_.clear();
  ticks_.clear();
  if (closes_.size() > window_) closes_.erase(closes_.begin(), closes_.end() - static_cast<std::ptrdiff_t>(window_));
  if (series.newest->as_bar.is_source_bar) return;
  std::copy_if(open_ticks_.begin(), open_ticks_.end(), std::back_inserter(ticks_),
               [&](const Tick& tick) { return tick.event_ns < series.newest->as_bar.end_ns; });
}

std::vector<Row> Evidence::notes() const {
  std::vector<Row> notes;
  if (!bar_) return notes;
  const Nanos begin_ns = closes_.empty() ? bar_->as_bar.start_ns : closes_.front().bar_start_ns;
  std::copy_if(kept_notes_.begin(), kept_notes_.end(), std::back_inserter(notes),
               [&](const Row& note) { return time_of(note) >= begin_ns && note.position <= bar_->position; });
  return notes;
}

}  // namespace tapeline::app
