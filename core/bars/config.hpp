// Options of bars, indicators, signals and alerts: all that decides what the numbers are.
#pragma once

#include <cstdint>
#include <vector>

namespace tapeline {

enum class EmptyBars : std::uint8_t { skip, fill };

struct BarsConfig {
  std::vector<std::uint32_t> intervals_s = {60};
  EmptyBars empty = EmptyBars::skip;
  std::uint32_t quiet_grace_ms = 5'000;  // a journaled clock this far past a bar's end closes it in a quiet market
};

struct IndicatorsConfig {
  std::uint32_t sma_length = 20;
  std::uint32_t rsi_length = 14;
  std::uint32_t bollinger_length = 20;
  double bollinger_width = 2.0;  // in population standard deviations
  std::uint32_t volatility_length = 20;
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
