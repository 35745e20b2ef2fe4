// The kernels one close at a time: the objects that the pipeline itself keeps, an IndicatorSet for each.
//
// Threads   Under the interpreter's lock.
// Input     a float stands for its shortest decimal; an int, a str or a decimal.Decimal is taken digit by digit.
// Output    None where undefined.
#include "analysis/native/streams.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "analysis/native/closes.hpp"
#include "core/bars/custom_indicators.hpp"
#include "core/indicators/calendar_periods.hpp"
#include "core/indicators/indicator_set.hpp"

namespace tapeline::python {
namespace {

namespace nb = nanobind;

Decimal price_of(const nb::object& price) {
  if (nb::isinstance<nb::float_>(price)) return python::price_of(0, nb::cast<double>(price));
  const std::string text = nb::cast<std::string>(nb::str(price));
  const Result<Decimal, DecimalError> written = parse_decimal(text);
  if (!written) {
    throw std::invalid_argument("price '" + text + "' " +
                                (written.error() == DecimalError::not_a_number
                                     ? "is not a number: give a float, an int, a Decimal or plain digits"
                                     : "does not fit 18 significant digits and 30 decimal places: round it"));
  }
  if (written->mantissa <= 0) throw std::invalid_argument("price '" + text + "' is not above 0, as a price must be");
  return *written;
}

std::optional<double> defined(double value) { return std::isnan(value) ? std::nullopt : std::optional<double>(value); }

/// One indicator of CustomIndicators, by itself.
class Stream {
 public:
  explicit Stream(IndicatorSpec spec) : spec_(std::move(spec)), indicators_(std::span(&spec_, 1), 1, 1) {}

  void update(const nb::object& close, const nb::object& high, const nb::object& low) {
    const Decimal last = price_of(close);
    const Decimal highest = high.is_none() ? last : price_of(high);
    const Decimal lowest = low.is_none() ? last : price_of(low);
    IndicatorBar bar;
    bar.price_exponent = std::min({last.exponent, highest.exponent, lowest.exponent});
    const auto mantissa = [&bar](Decimal price) {
      const auto aligned = mantissa_at(price, bar.price_exponent);
      if (!aligned)
        throw std::invalid_argument("high, low and close have no common scale that fits 64 bits: round them");
      return *aligned;
    };
    bar.open = bar.close = mantissa(last);
    bar.high = mantissa(highest);
    bar.low = mantissa(lowest);
    if (bar.low > bar.high) throw std::invalid_argument("low is above high: exchange them");
    indicators_.update(bar);
  }

  [[nodiscard]] std::vector<std::optional<double>> values() const {
    std::vector<double> plain(indicators_.size());
    indicators_.values(plain);
    std::vector<std::optional<double>> values;
    for (const double value : plain) values.push_back(defined(value));
    return values;
  }
  [[nodiscard]] std::vector<std::string> names() const { return output_names(spec_); }
  [[nodiscard]] std::uint64_t bars_seen() const noexcept { return indicators_.bars_seen(); }
  [[nodiscard]] std::uint64_t resets() const noexcept { return indicators_.resets(); }

 private:
  IndicatorSpec spec_;
  CustomIndicators indicators_;
};

IndicatorKind kind_of(const std::string& name) {
  if (name == "sma") return IndicatorKind::sma;
  if (name == "ema") return IndicatorKind::ema;
  if (name == "rsi") return IndicatorKind::rsi;
  if (name == "bollinger") return IndicatorKind::bollinger;
  if (name == "macd") return IndicatorKind::macd;
  if (name == "atr") return IndicatorKind::atr;
  if (name == "volatility") return IndicatorKind::volatility;
  throw std::invalid_argument("no indicator is called '" + name +
                              "': choose sma, ema, rsi, bollinger, macd, atr or volatility");
}

}  // namespace

void bind_streams(nb::module_& module) {
  nb::class_<IndicatorValues> values(
      module, "IndicatorValues",
      "What fact_bar says of a bar, in prices and ratios (docs/definitions.md); None where undefined.");
  const auto field = [&values](const char* name, double IndicatorValues::*member) {
    values.def_prop_ro(name, [member](const IndicatorValues& self) { return defined(self.*member); });
  };
  field("sma", &IndicatorValues::sma);
  field("rsi", &IndicatorValues::rsi);
  field("bb_mid", &IndicatorValues::bb_mid);
  field("bb_sigma", &IndicatorValues::bb_sigma);
  field("bb_upper", &IndicatorValues::bb_upper);
  field("bb_lower", &IndicatorValues::bb_lower);
  field("percent_b", &IndicatorValues::percent_b);
  field("bandwidth", &IndicatorValues::bandwidth);
  field("volatility", &IndicatorValues::volatility);
  field("volatility_annual", &IndicatorValues::volatility_annual);
  field("change", &IndicatorValues::change);
  field("change_pct", &IndicatorValues::change_pct);
  values.def_ro("bars_seen", &IndicatorValues::bars_seen).def_ro("rsi_flat", &IndicatorValues::rsi_flat);

  nb::class_<IndicatorSet>(
      module, "IndicatorSet",
      "What a row of fact_bar holds, one close at a time: lengths in bars, `width` in deviations.\n"
      "ValueError for impossible lengths, and for a close that is no price above 0.")
      .def(
          "__init__",
          [](IndicatorSet* self, std::uint32_t sma, std::uint32_t rsi, std::uint32_t bollinger, double width,
             std::uint32_t volatility, double periods_per_year) {
            IndicatorsConfig config;
            config.sma_length = sma;
            config.rsi_length = rsi;
            config.bollinger_length = bollinger;
            config.bollinger_width = width;
            config.volatility_length = volatility;
            new (self) IndicatorSet(config, periods_per_year);
          },
          nb::kw_only(), nb::arg("sma") = 20, nb::arg("rsi") = 14, nb::arg("bollinger") = 20, nb::arg("width") = 2.0,
          nb::arg("volatility") = 20, nb::arg("periods_per_year") = 1.0)
      .def(
          "update",
          [](IndicatorSet& self, const nb::object& close) {
            const Decimal price = price_of(close);
            self.update(price.mantissa, price.exponent);
            return self.values();
          },
          nb::arg("close"), "Takes the close of a closed bar; returns values()")
      .def(
          "peek",
          [](const IndicatorSet& self, const nb::object& close) {
            const Decimal price = price_of(close);
            return self.peek(price.mantissa, price.exponent);
          },
          nb::arg("close"), "What update() would return; changes nothing")
      .def("values", &IndicatorSet::values, "Of the closes so far")
      .def_prop_ro("bars_seen", &IndicatorSet::bars_seen, "Closes since the series began")
      .def_prop_ro("resets", &IndicatorSet::resets,
                   "How often a close did not fit 64 bits together with those before it")
      .def("__copy__", [](const IndicatorSet& self) { return IndicatorSet(self); });

  nb::class_<Stream>(module, "Stream",
                     "One indicator of [indicators.custom], one bar at a time: sma, ema, rsi, bollinger, macd, atr or\n"
                     "volatility. ValueError for another kind, impossible lengths, and what is no price above 0.")
      .def(
          "__init__",
          [](Stream* self, const std::string& kind, std::uint32_t length, std::uint32_t fast, std::uint32_t slow,
             std::uint32_t signal, double width, bool sample) {
            IndicatorSpec spec;
            spec.name = kind;
            spec.kind = kind_of(kind);
            spec.length = length;
            spec.fast = fast;
            spec.slow = slow;
            spec.signal = signal;
            spec.width = width;
            spec.sigma = sample ? Sigma::sample : Sigma::population;
            new (self) Stream(spec);
          },
          nb::arg("kind"), nb::arg("length") = 20, nb::kw_only(), nb::arg("fast") = 12, nb::arg("slow") = 26,
          nb::arg("signal") = 9, nb::arg("width") = 2.0, nb::arg("sample") = false)
      .def("update", &Stream::update, nb::arg("close"), nb::arg("high") = nb::none(), nb::arg("low") = nb::none(),
           "Takes a closed bar; atr needs high and low")
      .def("values", &Stream::values, "In the order of names; None where undefined")
      .def_prop_ro("names", &Stream::names, "What the values are called")
      .def_prop_ro("bars_seen", &Stream::bars_seen, "Bars since the series began")
      .def_prop_ro("resets", &Stream::resets, "How often a bar did not fit together with those before it")
      .def("__copy__", [](const Stream& self) { return Stream(self); });

  module.def(
      "periods_per_year",
      [](bool round_the_clock, std::uint32_t interval_s) {
        if (interval_s == 0) throw std::invalid_argument("a bar interval of 0 s is impossible: choose one from 1");
        return periods_per_year(round_the_clock ? Calendar::crypto : Calendar::us_equity, interval_s);
      },
      nb::arg("round_the_clock"), nb::arg("interval_s"));
}

}  // namespace tapeline::python
