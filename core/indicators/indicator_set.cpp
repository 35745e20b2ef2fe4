#include "core/indicators/indicator_set.hpp"

#include <cmath>
#include <stdexcept>

#include "core/base/decimal_scale.hpp"

namespace tapeline {
namespace {

Decimal decimal(std::int64_t mantissa, int exponent) noexcept { return {mantissa, static_cast<std::int8_t>(exponent)}; }

/// What the kernels say, side by side; asked through value() or peek().
struct KernelOutputs {
  std::optional<double> sma;
  std::optional<double> rsi;
  std::optional<BollingerBands> bands;
  std::optional<double> volatility;
  std::optional<PriceChange> change;
};

IndicatorValues to_values(const KernelOutputs& outputs, double annual_factor) noexcept {
  constexpr double undefined = IndicatorValues::undefined;
  IndicatorValues values;
  values.sma = outputs.sma.value_or(undefined);
  values.rsi = outputs.rsi.value_or(undefined);
  if (outputs.bands) {
    values.bb_mid = outputs.bands->mid;
    values.bb_sigma = outputs.bands->sigma;
    values.bb_upper = outputs.bands->upper;
    values.bb_lower = outputs.bands->lower;
    values.percent_b = outputs.bands->percent_b().value_or(undefined);
    values.bandwidth = outputs.bands->bandwidth;
  }
  if (outputs.volatility) {
    values.volatility = *outputs.volatility;
    values.volatility_annual = *outputs.volatility * annual_factor;
  }
  if (outputs.change) {
    values.change = outputs.change->absolute;
    values.change_pct = outputs.change->percent;
  }
  return values;
}

}  // namespace

IndicatorSet::IndicatorSet(const IndicatorsConfig& config, double periods_per_year, WithVolatility with_volatility)
    : sma_(config.sma_length),
      rsi_(config.rsi_length),
      bollinger_(config.bollinger_length, config.bollinger_width),
      volatility_(config.volatility_length),
      periods_per_year_(periods_per_year),
      annual_factor_(std::sqrt(periods_per_year)),
      with_volatility_(with_volatility) {
  if (!std::isfinite(periods_per_year) || periods_per_year <= 0) {
    throw std::invalid_argument("periods per year are impossible: give the number of bars in a year, above 0");
  }
}

void IndicatorSet::update(std::int64_t close_mantissa, int exponent) noexcept {
  TL_DCHECK(close_mantissa > 0 && exponent >= decimal_exponent_min && exponent <= 0);
  // Only what the close itself needs: a bar's exponent is that of its finest tick, and would be seen in the last bits.
  const Decimal written = without_trailing_zeros(decimal(close_mantissa, exponent));
  if (bars_seen_ == 0) set_exponent(written.exponent);
  if (written.exponent < exponent_ && !refine(written.exponent)) start_over(written.exponent);
  const Result<std::int64_t, DecimalError> aligned = mantissa_at(written, exponent_);
  if (!aligned) start_over(written.exponent);
  const std::int64_t close = aligned ? *aligned : written.mantissa;
  sma_.update(close);
  rsi_.update(close);
  bollinger_.update(close);
  if (with_volatility_ == WithVolatility::yes) volatility_.update(close);
  change_.update(close);
  ++bars_seen_;
}

IndicatorValues IndicatorSet::values() const noexcept {
  IndicatorValues values =
      to_values({sma_.value(unit_), rsi_.value(), bollinger_.value(unit_), volatility_.value(), change_.value(unit_)},
                annual_factor_);
  values.bars_seen = bars_seen_;
  values.rsi_flat = rsi_.flat();
  return values;
}

IndicatorValues IndicatorSet::peek(std::int64_t close_mantissa, int exponent) const {
  const Result<std::int64_t, DecimalError> close =
      mantissa_at(without_trailing_zeros(decimal(close_mantissa, exponent)), exponent_);
  if (!close) {
    IndicatorSet after = *this;
    after.update(close_mantissa, exponent);
    return after.values();
  }
  IndicatorValues values = to_values({sma_.peek(*close, unit_), rsi_.peek(*close), bollinger_.peek(*close, unit_),
                                      volatility_.peek(*close), change_.peek(*close, unit_)},
                                     annual_factor_);
  values.bars_seen = bars_seen_ + 1;
  values.rsi_flat = rsi_.flat_after(*close);
  return values;
}

bool IndicatorSet::refine(int exponent) noexcept {
  const int shift = exponent_ - exponent;
  if (shift > power_max) return false;
  const std::int64_t factor = power_of_ten(shift);
  if (!sma_.fits(factor) || !rsi_.fits(factor) || !bollinger_.fits(factor) || !volatility_.fits(factor) ||
      !change_.fits(factor)) {
    return false;
  }
  sma_.rescale(factor);
  rsi_.rescale(factor);
  bollinger_.rescale(factor);
  volatility_.rescale(factor);
  change_.rescale(factor);
  set_exponent(exponent);
  return true;
}

void IndicatorSet::start_over(int exponent) noexcept {
  sma_.reset();
  rsi_.reset();
  bollinger_.reset();
  volatility_.reset();
  change_.reset();
  set_exponent(exponent);
  bars_seen_ = 0;
  ++resets_;
}

void IndicatorSet::set_exponent(int exponent) noexcept {
  unit_ = mantissas_per_unit(exponent);
  exponent_ = exponent;
}

}  // namespace tapeline
