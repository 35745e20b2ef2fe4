#include "core/bars/custom_indicators.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "core/base/decimal_scale.hpp"

namespace tapeline {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::span<const std::string_view> suffixes(IndicatorKind kind) noexcept {
  static constexpr std::array<std::string_view, 1> one{""};
  static constexpr std::array<std::string_view, 3> macd{"", "_signal", "_histogram"};
  static constexpr std::array<std::string_view, 6> bollinger{"_mid",   "_sigma",     "_upper",
                                                             "_lower", "_percent_b", "_bandwidth"};
  static constexpr std::array<std::string_view, 2> change{"", "_pct"};
  static constexpr std::array<std::string_view, 2> volatility{"", "_annual"};
  switch (kind) {
    case IndicatorKind::macd: return macd;
    case IndicatorKind::bollinger: return bollinger;
    case IndicatorKind::change_24h:
    case IndicatorKind::change_session: return change;
    case IndicatorKind::volatility: return volatility;
    case IndicatorKind::sma:
    case IndicatorKind::ema:
    case IndicatorKind::rsi:
    case IndicatorKind::atr:
    case IndicatorKind::vwap:
    case IndicatorKind::volume_zscore: break;
  }
  return one;
}

[[nodiscard]] bool align(std::int64_t& price, int shift) noexcept {
  return !__builtin_mul_overflow(price, power_of_ten(shift), &price);
}

/// Brings a bar to exponents that are at least as fine as its own; false where it does not fit there.
[[nodiscard]] bool align(IndicatorBar& bar, int price_exponent, int volume_exponent) noexcept {
  const int price_shift = bar.price_exponent - price_exponent;
  const int volume_shift = bar.volume == 0 ? 0 : bar.volume_exponent - volume_exponent;
  if (price_shift > power_max || volume_shift > power_max) return false;
  if (price_shift > 0 && !(align(bar.open, price_shift) && align(bar.high, price_shift) &&
                           align(bar.low, price_shift) && align(bar.close, price_shift))) {
    return false;
  }
  return !__builtin_mul_overflow(bar.volume, Int128{power_of_ten(volume_shift)}, &bar.volume) &&
         WideMoments::holds(bar.volume);
}

/// A volume of more than 32 digits loses the last of them: it would not fit, alone or beside any other.
void shorten_volume(IndicatorBar& bar) noexcept {
  while (!WideMoments::holds(bar.volume)) {
    bar.volume /= 10;
    ++bar.volume_exponent;
  }
}

/// Only what the prices themselves need: a bar's exponent is that of its finest tick, and would be seen in the last bits.
void shorten_prices(IndicatorBar& bar) noexcept {
  while (bar.price_exponent < 0 && bar.open % 10 == 0 && bar.high % 10 == 0 && bar.low % 10 == 0 &&
         bar.close % 10 == 0) {
    bar.open /= 10;
    bar.high /= 10;
    bar.low /= 10;
    bar.close /= 10;
    ++bar.price_exponent;
  }
}

template <class K>
bool fits(const K& kernel, BarFactors factors) noexcept {
  if constexpr (BarKernel<K>) {
    return kernel.fits(factors);
  } else {
    return kernel.fits(factors.price);
  }
}

template <class K>
void rescale(K& kernel, BarFactors factors) noexcept {
  if constexpr (BarKernel<K>) {
    kernel.rescale(factors);
  } else {
    kernel.rescale(factors.price);
  }
}

/// What a kernel says, in the order of its suffixes.
class Outputs {
 public:
  Outputs(std::span<double> out, double unit, double annual_factor, FlatRsi flat_rsi) noexcept
      : out_(out), unit_(unit), annual_factor_(annual_factor), flat_rsi_(flat_rsi) {
    std::fill(out.begin(), out.end(), undefined);
  }

  template <class K>
  void operator()(const K& kernel) const noexcept {  // those whose values are prices
    put(kernel.value(unit_));
  }
  void operator()(const Rsi& rsi) const noexcept { put(rsi.value(flat_rsi_)); }
  void operator()(const VolumeZScore& zscore) const noexcept { put(zscore.value()); }
  void operator()(const Volatility& volatility) const noexcept {
    if (const std::optional<double> value = volatility.value()) put({*value, *value * annual_factor_});
  }

 private:
  void put(std::initializer_list<double> values) const noexcept {
    TL_DCHECK(values.size() == out_.size());
    std::copy(values.begin(), values.end(), out_.begin());
  }
  void put(const std::optional<double>& value) const noexcept {
    if (value) put({*value});
  }
  void put(const std::optional<PriceChange>& change) const noexcept {
    if (change) put({change->absolute, change->percent});
  }
  void put(const std::optional<MacdLines>& macd) const noexcept {
    if (macd) put({macd->line, macd->signal.value_or(undefined), macd->histogram.value_or(undefined)});
  }
  void put(const std::optional<BollingerBands>& bands) const noexcept {
    if (!bands) return;
    put({bands->mid, bands->sigma, bands->upper, bands->lower, bands->percent_b().value_or(undefined),
         bands->bandwidth});
  }

  std::span<double> out_;
  double unit_;
  double annual_factor_;
  FlatRsi flat_rsi_;
};

}  // namespace

std::vector<std::string> output_names(const IndicatorSpec& spec) {
  std::vector<std::string> names;
  for (const std::string_view suffix : suffixes(spec.kind)) names.push_back(spec.name + std::string(suffix));
  return names;
}

std::vector<std::string> output_names(std::span<const IndicatorSpec> specs) {
  std::vector<std::string> names;
  for (const IndicatorSpec& spec : specs) {
    for (std::string& name : output_names(spec)) names.push_back(std::move(name));
  }
  return names;
}

bool is_of_interval(const IndicatorSpec& spec, std::uint32_t interval_s) noexcept {
  const std::vector<std::uint32_t>& intervals = spec.intervals_s;
  return intervals.empty() || std::find(intervals.begin(), intervals.end(), interval_s) != intervals.end();
}

CustomIndicators::AnyKernel CustomIndicators::make_kernel(const IndicatorSpec& spec, std::uint32_t interval_s) {
  switch (spec.kind) {
    case IndicatorKind::sma: return Sma(spec.length);
    case IndicatorKind::ema: return Ema(spec.length);
    case IndicatorKind::rsi: return Rsi(spec.length);
    case IndicatorKind::bollinger: return Bollinger(spec.length, spec.width, spec.sigma);
    case IndicatorKind::macd: return Macd({.fast = spec.fast, .slow = spec.slow, .signal = spec.signal});
    case IndicatorKind::atr: return Atr(spec.length);
    case IndicatorKind::vwap: return Vwap();
    case IndicatorKind::volatility: return Volatility(spec.length);
    case IndicatorKind::change_24h:
      return ChangeSince({.stale_ns = std::max(spec.stale_after_s, interval_s) * nanos_per_second,
                          .interval_ns = interval_s * nanos_per_second});
    case IndicatorKind::change_session: return ChangeSession();
    case IndicatorKind::volume_zscore: return VolumeZScore(spec.length, spec.sigma);
  }
  throw std::invalid_argument("its kind is unknown");
}

CustomIndicators::CustomIndicators(std::span<const IndicatorSpec> specs, std::uint32_t interval_s,
                                   double periods_per_year)
    : annual_factor_(std::sqrt(periods_per_year)) {
  if (interval_s == 0) throw std::invalid_argument("a bar interval of 0 s is impossible: choose one from 1");
  if (!std::isfinite(periods_per_year) || periods_per_year <= 0) {
    throw std::invalid_argument("periods per year are impossible: give the number of bars in a year, above 0");
  }
  for (const IndicatorSpec& spec : specs) {
    if (!is_of_interval(spec, interval_s)) continue;
    try {
      const std::size_t outputs = suffixes(spec.kind).size();
      indicators_.push_back({make_kernel(spec, interval_s), spec.flat_rsi, outputs});
      size_ += outputs;
    } catch (const std::invalid_argument& impossible) {
      throw std::invalid_argument("indicator \"" + spec.name + "\": " + impossible.what());
    }
  }
}

void CustomIndicators::update(const IndicatorBar& closed) noexcept {
  IndicatorBar bar = closed;
  shorten_prices(bar);
  shorten_volume(bar);
  if (bars_seen_ == 0) set_exponents(bar.price_exponent, bar.volume_exponent);
  if (!refine(bar) || !align(bar, price_exponent_, volume_exponent_)) {
    bar = closed;
    shorten_prices(bar);
    shorten_volume(bar);
    start_over(bar);
  }
  for (Indicator& indicator : indicators_) {
    std::visit(
        [&bar]<class K>(K& kernel) {
          if constexpr (BarKernel<K>) {
            kernel.update(bar);
          } else {
            kernel.update(bar.close);
          }
        },
        indicator.kernel);
  }
  ++bars_seen_;
}

void CustomIndicators::values(std::span<double> out) const noexcept {
  TL_DCHECK(out.size() == size_);
  for (const Indicator& indicator : indicators_) {
    std::visit(Outputs(out.first(indicator.outputs), unit_, annual_factor_, indicator.flat_rsi), indicator.kernel);
    out = out.subspan(indicator.outputs);
  }
}

bool CustomIndicators::refine(const IndicatorBar& bar) noexcept {
  const int price_shift = std::max(0, price_exponent_ - bar.price_exponent);
  const int volume_shift = bar.volume == 0 ? 0 : std::max(0, volume_exponent_ - bar.volume_exponent);
  if (price_shift == 0 && volume_shift == 0) return true;
  if (price_shift > power_max || volume_shift > power_max) return false;
  const BarFactors factors{power_of_ten(price_shift), power_of_ten(volume_shift)};
  for (const Indicator& indicator : indicators_) {
    if (!std::visit([factors](const auto& kernel) { return fits(kernel, factors); }, indicator.kernel)) return false;
  }
  for (Indicator& indicator : indicators_) {
    std::visit([factors](auto& kernel) { rescale(kernel, factors); }, indicator.kernel);
  }
  set_exponents(price_exponent_ - price_shift, volume_exponent_ - volume_shift);
  return true;
}

void CustomIndicators::start_over(const IndicatorBar& bar) noexcept {
  for (Indicator& indicator : indicators_) {
    std::visit([](auto& kernel) { kernel.reset(); }, indicator.kernel);
  }
  set_exponents(bar.price_exponent, bar.volume_exponent);
  bars_seen_ = 0;
  ++resets_;
}

void CustomIndicators::set_exponents(int price, int volume) noexcept {
  unit_ = mantissas_per_unit(price);
  price_exponent_ = price;
  volume_exponent_ = volume;
}

}  // namespace tapeline
