#include "core/stages/bar_evaluator.hpp"

#include <limits>

#include "core/signals/signal.hpp"

namespace tapeline {
namespace {

void copy_prices(const OpenBar& bar, BarRow& row) noexcept {
  row.start_ns = bar.start_ns;
  row.end_ns = bar.end_ns;
  row.open_mantissa = bar.open;
  row.high_mantissa = bar.high;
  row.low_mantissa = bar.low;
  row.close_mantissa = bar.close;
  row.price_exponent = bar.price_exponent;
  row.volume_mantissa = bar.volume;
  row.volume_exponent = bar.volume_exponent;
  row.trades = bar.trades;
}

void copy_indicators(const IndicatorValues& values, BarRow& row) noexcept {
  row.sma = values.sma;
  row.rsi = values.rsi;
  row.bb_mid = values.bb_mid;
  row.bb_sigma = values.bb_sigma;
  row.bb_upper = values.bb_upper;
  row.bb_lower = values.bb_lower;
  row.percent_b = values.percent_b;
  row.bandwidth = values.bandwidth;
  row.volatility = values.volatility;
  row.volatility_annual = values.volatility_annual;
  row.change = values.change;
  row.change_pct = values.change_pct;
  row.bars_seen = values.bars_seen;
}

IndicatorValues undefined_values(std::uint64_t bars_seen) noexcept {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  IndicatorValues values{};
  values.sma = values.rsi = values.bb_mid = values.bb_sigma = values.bb_upper = values.bb_lower = undefined;
  values.percent_b = values.bandwidth = values.volatility = values.volatility_annual = undefined;
  values.change = values.change_pct = undefined;
  values.bars_seen = bars_seen;
  return values;
}

}  // namespace

void BarEvaluator::evaluate(const OpenBar& bar, BarOrigin origin, const SignalsConfig& signals,
                            const AlertsConfig& alerts, Evaluation& evaluation) noexcept {
  if (!bar.is_partial) indicators_.update(bar.close, bar.price_exponent);
  const IndicatorValues current = indicators_.values();
  const IndicatorValues values = bar.is_partial ? undefined_values(current.bars_seen) : current;

  BarRow& row = evaluation.row;
  copy_prices(bar, row);
  copy_indicators(values, row);
  row.interval_s = interval_s_;
  row.periods_per_year = periods_per_year_;
  row.is_partial = bar.is_partial;
  row.is_filled = origin == BarOrigin::filled;
  row.is_source_bar = origin == BarOrigin::source;

  const double close = to_double(Int128{bar.close}, bar.price_exponent);
  const SignalVerdict verdict = judge({close, values.rsi, values.sma, values.rsi_flat, bar.is_partial}, signals);
  row.signal = verdict.signal;
  row.signal_reason = verdict.reason;
  row.trend = verdict.trend;

  evaluation.previous_signal = signal_;
  evaluation.signal_changed = !bar.is_partial && verdict.signal != signal_;
  evaluation.fired_rules = 0;
  if (bar.is_partial) return;
  signal_ = verdict.signal;
  evaluation.fired_rules = rules_.update(values.rsi, values.change_pct, bar.end_ns, alerts, signals);
}

}  // namespace tapeline
