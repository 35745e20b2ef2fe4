// What a closed bar says: BUY, SELL or HOLD, and the trend (docs/definitions.md, signals).
//
//   signal  BUY when RSI < rsi_buy_below, SELL when RSI > rsi_sell_above, else HOLD
//   trend   bullish when close > SMA and RSI >= 50, bearish when close < SMA and RSI < 50, else neutral
// Input     NaN means undefined: the signal is HOLD and says why.
#pragma once

#include <cmath>

#include "core/bars/config.hpp"
#include "core/model/row.hpp"

namespace tapeline {

struct SignalVerdict {
  Signal signal = Signal::hold;
  SignalReason reason = SignalReason::rule;
  Trend trend = Trend::neutral;
};

struct SignalInputs {
  double close;
  double rsi;
  double sma;
  bool rsi_flat;  // RSI is undefined because the market did not move, not for want of bars
  bool is_partial;
  bool has_gap;  // ticks are missing in what the values rest on
};

[[nodiscard]] inline SignalVerdict judge(const SignalInputs& inputs, const SignalsConfig& config) noexcept {
  SignalVerdict verdict;
  if (inputs.is_partial) return {Signal::hold, SignalReason::partial_bar, Trend::neutral};
  if (inputs.has_gap) return {Signal::hold, SignalReason::gap_in_window, Trend::neutral};
  if (std::isnan(inputs.rsi)) {
    return {Signal::hold, inputs.rsi_flat ? SignalReason::flat_market : SignalReason::warming_up, Trend::neutral};
  }
  if (inputs.rsi < config.rsi_buy_below) verdict.signal = Signal::buy;
  if (inputs.rsi > config.rsi_sell_above) verdict.signal = Signal::sell;
  if (inputs.close > inputs.sma && inputs.rsi >= 50.0) verdict.trend = Trend::bullish;
  if (inputs.close < inputs.sma && inputs.rsi < 50.0) verdict.trend = Trend::bearish;
  return verdict;
}

}  // namespace tapeline
