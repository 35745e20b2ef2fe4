#include "core/stages/bar_evaluator.hpp"

#include <algorithm>
#include <array>
#include <span>

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

constexpr double unknown = IndicatorValues::undefined;

IndicatorValues undefined_values(std::uint64_t bars_seen) noexcept {
  IndicatorValues values{};
  values.sma = values.rsi = values.bb_mid = values.bb_sigma = values.bb_upper = values.bb_lower = unknown;
  values.percent_b = values.bandwidth = values.volatility = values.volatility_annual = unknown;
  values.change = values.change_pct = unknown;
  values.bars_seen = bars_seen;
  return values;
}

std::vector<std::uint16_t> places_of(const IndicatorsConfig& indicators, std::uint32_t interval_s) {
  std::vector<std::uint16_t> places;
  std::uint16_t next = 0;
  for (const IndicatorSpec& spec : indicators.custom) {
    const auto count = static_cast<std::uint16_t>(output_names(spec).size());
    for (std::uint16_t i = 0; i < count; ++i, ++next) {
      if (is_of_interval(spec, interval_s)) places.push_back(next);
    }
  }
  return places;
}

}  // namespace

BarEvaluator::BarEvaluator(const RowCatalog& catalog, const IndicatorsConfig& indicators, std::string_view symbol,
                           std::uint32_t interval_s, double periods_per_year, WithVolatility with_volatility)
    : indicators_(indicators, periods_per_year, with_volatility),
      custom_(indicators.custom, interval_s, periods_per_year),
      custom_outputs_(places_of(indicators, interval_s)),
      rules_(catalog.rules, symbol, interval_s),
      periods_per_year_(periods_per_year),
      interval_s_(interval_s),
      signal_window_(std::max(indicators.rsi_length + 1, indicators.sma_length)),
      bars_since_gap_(signal_window_) {}

void BarEvaluator::update(const OpenBar& bar, const Circumstances& circumstances) noexcept {
  indicators_.update(bar.close, bar.price_exponent);
  if (custom_.size() == 0) return;
  custom_.update({.open = bar.open,
                  .high = bar.high,
                  .low = bar.low,
                  .close = bar.close,
                  .price_exponent = bar.price_exponent,
                  .volume = bar.volume,
                  .volume_exponent = bar.volume_exponent,
                  .start_ns = bar.start_ns,
                  .end_ns = bar.end_ns,
                  .session = circumstances.session});
}

bool BarEvaluator::gap_in_window(const OpenBar& bar) noexcept {
  bars_since_gap_ = bar.has_gap ? 0 : std::min(bars_since_gap_ + 1, signal_window_);
  return bars_since_gap_ < signal_window_;
}

SignalVerdict BarEvaluator::judged(const OpenBar& bar, const IndicatorSet::SignalValues& values,
                                   const SignalsConfig& signals) noexcept {
  const double close = to_double(Decimal{bar.close, bar.price_exponent});
  const bool has_gap = gap_in_window(bar);
  if (bar.is_partial) return judge({close, unknown, unknown, false, true, has_gap}, signals);
  return judge({close, values.rsi, values.sma, values.rsi_flat, false, has_gap}, signals);
}

void BarEvaluator::tell(const OpenBar& bar, const Circumstances& circumstances, const IndicatorValues& values,
                        const SignalVerdict& verdict, Evaluation& evaluation) noexcept {
  BarRow& row = evaluation.row;
  copy_prices(bar, row);
  copy_indicators(bar.is_partial ? undefined_values(values.bars_seen) : values, row);
  row.interval_s = interval_s_;
  row.periods_per_year = periods_per_year_;
  row.is_partial = bar.is_partial;
  row.is_filled = circumstances.origin == BarOrigin::filled;
  row.is_source_bar = circumstances.origin == BarOrigin::source;
  row.is_backfilled = bar.is_backfilled;
  row.signal = verdict.signal;
  row.signal_reason = verdict.reason;
  row.trend = verdict.trend;

  evaluation.previous_signal = signal_;
  evaluation.signal_changed = changes(bar, verdict);
  evaluation.fired.clear();
  std::fill(evaluation.custom.begin(), evaluation.custom.end(), unknown);
  if (!bar.is_partial) signal_ = verdict.signal;
}

void BarEvaluator::evaluate(const OpenBar& bar, const Circumstances& circumstances, const RowCatalog& catalog,
                            const SignalsConfig& signals, Evaluation& evaluation) noexcept {
  if (!bar.is_partial) update(bar, circumstances);
  const IndicatorValues values = indicators_.values();
  tell(bar, circumstances, values, judged(bar, {values.sma, values.rsi, values.rsi_flat}, signals), evaluation);
  if (bar.is_partial) return;
  std::array<double, custom_outputs_max> custom;
  custom_.values(std::span(custom).first(custom_.size()));
  for (std::size_t i = 0; i < custom_.size(); ++i) evaluation.custom[custom_outputs_[i]] = custom[i];
  if (catalog.rules.size() == 0) return;
  fill_fields(evaluation.row, evaluation.custom, evaluation.fields);
  rules_.update(catalog.rules, evaluation.fields, bar.end_ns,
                [&](std::size_t rule) { evaluation.fired.push_back(static_cast<std::uint16_t>(rule)); });
}

bool BarEvaluator::evaluate_signal(const OpenBar& bar, const Circumstances& circumstances, const SignalsConfig& signals,
                                   Evaluation& evaluation) noexcept {
  if (!bar.is_partial) update(bar, circumstances);
  const SignalVerdict verdict = judged(bar, indicators_.signal_values(), signals);
  if (changes(bar, verdict)) {
    tell(bar, circumstances, indicators_.values(), verdict, evaluation);
    return true;
  }
  evaluation.row.signal = verdict.signal;
  return false;
}

SignalRow signal_row_of(const BarEvaluator::Evaluation& evaluation) noexcept {
  const BarRow& bar = evaluation.row;
  return {.bar_start_ns = bar.start_ns,
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

}  // namespace tapeline
