// What follows from one closed bar: its indicators, signal, trend and alerts. Live, replay and backtest all come here.
//
// Input     closed bars of one instrument and interval, in order.
// Output    a complete BarRow; rules that fired; whether the signal changed.
// Ordering  A function of the bars given so far and the configuration alone.
#pragma once

#include <cstdint>

#include "core/bars/config.hpp"
#include "core/bars/open_bar.hpp"
#include "core/indicators/indicator_set.hpp"
#include "core/model/row.hpp"
#include "core/signals/alert_rules.hpp"

namespace tapeline {

enum class BarOrigin : std::uint8_t { ticks, filled, source };

class BarEvaluator {
 public:
  struct Evaluation {
    BarRow row;
    std::uint32_t fired_rules;  // bit i: AlertRule i
    Signal previous_signal;
    bool signal_changed;
  };

  BarEvaluator(std::uint32_t interval_s, double periods_per_year, const IndicatorsConfig& indicators)
      : indicators_(indicators, periods_per_year), periods_per_year_(periods_per_year), interval_s_(interval_s) {}

  /// Fills `evaluation`. A partial bar is reported and judged HOLD, but feeds nothing.
  void evaluate(const OpenBar& bar, BarOrigin origin, const SignalsConfig& signals, const AlertsConfig& alerts,
                Evaluation& evaluation) noexcept;

  [[nodiscard]] std::uint32_t interval_s() const noexcept { return interval_s_; }

 private:
  IndicatorSet indicators_;
  AlertRules rules_;
  double periods_per_year_;
  std::uint32_t interval_s_;
  Signal signal_ = Signal::hold;
};

}  // namespace tapeline
