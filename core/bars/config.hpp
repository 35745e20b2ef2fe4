// Options of bars, indicators, signals and alerts: all that decides what the numbers are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/indicators/variants.hpp"

namespace tapeline {

enum class EmptyBars : std::uint8_t { skip, fill };

struct BarsConfig {
  std::vector<std::uint32_t> intervals_s = {60};
  EmptyBars empty = EmptyBars::skip;
  std::uint32_t quiet_grace_ms = 5'000;  // a journaled clock this far past a bar's end closes it in a quiet market
};

enum class IndicatorKind : std::uint8_t {
  sma,
  ema,
  rsi,
  bollinger,
  macd,
  atr,
  vwap,
  volatility,
  change_24h,
  change_session,
  volume_zscore,
};

/// One indicator of the user's own; a kind reads the options that it has, the others are ignored.
struct IndicatorSpec {
  std::string name;  // of its column; kinds with several values append to it (output_names())
  IndicatorKind kind = IndicatorKind::sma;
  std::uint32_t length = 20;
  std::uint32_t fast = 12;  // macd
  std::uint32_t slow = 26;
  std::uint32_t signal = 9;
  double width = 2.0;                        // bollinger, in sigmas
  FlatRsi flat_rsi = FlatRsi::undefined;     // rsi
  Sigma sigma = Sigma::population;           // bollinger, volume_zscore
  std::uint32_t stale_after_s = 3'600;       // change_24h: its reference may be older than 24 h by this, or one bar
  std::vector<std::uint32_t> intervals_s{};  // empty: all

  friend bool operator==(const IndicatorSpec&, const IndicatorSpec&) = default;
};

struct IndicatorsConfig {
  std::uint32_t sma_length = 20;
  std::uint32_t rsi_length = 14;
  std::uint32_t bollinger_length = 20;
  double bollinger_width = 2.0;  // in population standard deviations
  std::uint32_t volatility_length = 20;
  std::vector<IndicatorSpec> custom{};  // beside the standard columns
};

/// Values of all custom indicators together.
inline constexpr std::size_t custom_outputs_max = 256;

struct SignalsConfig {
  double rsi_buy_below = 30.0;
  double rsi_sell_above = 70.0;
};

struct AlertsConfig {
  std::uint32_t max_age_s = 600;  // no alert on a bar that had ended longer ago when it arrived: history is no news
};

}  // namespace tapeline
