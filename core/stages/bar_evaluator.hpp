// What follows from one closed bar: its indicators, signal, trend and alerts. Live, replay and backtest all come here.
//
// Input     closed bars of one instrument and interval, in order.
// Output    a complete BarRow, the custom indicators, the rules that fired; whether the signal changed.
// Ordering  A function of the bars given so far and the configuration alone.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/bars/config.hpp"
#include "core/bars/custom_indicators.hpp"
#include "core/bars/open_bar.hpp"
#include "core/indicators/indicator_set.hpp"
#include "core/model/row.hpp"
#include "core/signals/signal.hpp"
#include "core/stages/row_catalog.hpp"

namespace tapeline {

enum class BarOrigin : std::uint8_t { ticks, filled, source };

class BarEvaluator {
 public:
  /// Filled anew for each bar; kept by the caller, so that nothing is allocated.
  struct Evaluation {
    explicit Evaluation(const RowCatalog& catalog)
        : custom(catalog.custom_names.size()), fields(catalog.fields.size()) {
      fired.reserve(catalog.rules.size());
    }

    BarRow row{};
    std::vector<double> custom;        // by number of the output; NaN where undefined or not of this interval
    std::vector<double> fields;        // what the rules have read
    std::vector<std::uint16_t> fired;  // rules, by index
    Signal previous_signal = Signal::hold;
    bool signal_changed = false;
  };

  /// What a bar is, beyond its prices.
  struct Circumstances {
    BarOrigin origin = BarOrigin::ticks;
    std::int64_t session = 0;  // ordinal of the trading session
  };

  BarEvaluator(const RowCatalog& catalog, const IndicatorsConfig& indicators, std::string_view symbol,
               std::uint32_t interval_s, double periods_per_year, WithVolatility with_volatility = WithVolatility::yes);

  /// A partial bar is reported and judged HOLD, but feeds nothing.
  void evaluate(const OpenBar& bar, const Circumstances& circumstances, const RowCatalog& catalog,
                const SignalsConfig& signals, Evaluation& evaluation) noexcept;

  /// evaluate() where nobody asks for more than the signal, as a search through many backtests does. False: the signal
  /// stays, and of `evaluation` only `row.signal` is of this bar. Rules have seen nothing of it.
  [[nodiscard]] bool evaluate_signal(const OpenBar& bar, const Circumstances& circumstances,
                                     const SignalsConfig& signals, Evaluation& evaluation) noexcept;

  /// RSI as it would be if a bar closed at this price: provisional, and nothing changes.
  [[nodiscard]] double provisional_rsi(std::int64_t close_mantissa, int exponent) const {
    return indicators_.peek(close_mantissa, exponent).rsi;
  }

  [[nodiscard]] std::uint32_t interval_s() const noexcept { return interval_s_; }

  /// Its state in parts, each decided by another part of the configuration.
  enum class Part : std::uint8_t { indicators, custom, signal, rules };
  static constexpr Part parts[] = {Part::indicators, Part::custom, Part::signal, Part::rules};
  void archive_part(Part part, auto& archive) {
    switch (part) {
      case Part::indicators: archive(indicators_, bars_since_gap_); return;
      case Part::custom: archive(custom_); return;
      case Part::signal: archive(signal_); return;
      case Part::rules: archive(rules_); return;
    }
  }

 private:
  void update(const OpenBar& bar, const Circumstances& circumstances) noexcept;
  [[nodiscard]] bool gap_in_window(const OpenBar& bar) noexcept;
  [[nodiscard]] SignalVerdict judged(const OpenBar& bar, const IndicatorSet::SignalValues& values,
                                     const SignalsConfig& signals) noexcept;
  [[nodiscard]] bool changes(const OpenBar& bar, const SignalVerdict& verdict) const noexcept {
    return !bar.is_partial && verdict.signal != signal_;
  }
  /// All of the row; the signal moves on.
  void tell(const OpenBar& bar, const Circumstances& circumstances, const IndicatorValues& values,
            const SignalVerdict& verdict, Evaluation& evaluation) noexcept;

  IndicatorSet indicators_;
  CustomIndicators custom_;
  std::vector<std::uint16_t> custom_outputs_;  // where each value of custom_ stands among all outputs
  RuleStates rules_;
  double periods_per_year_;
  std::uint32_t interval_s_;
  std::uint32_t signal_window_;   // bars that a signal rests on
  std::uint32_t bars_since_gap_;  // at most signal_window_
  Signal signal_ = Signal::hold;
};

/// The change of signal that the bar just evaluated has brought.
[[nodiscard]] SignalRow signal_row_of(const BarEvaluator::Evaluation& evaluation) noexcept;

}  // namespace tapeline
