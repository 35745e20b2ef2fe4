// Latest values and alerts as the kernels would hand them over, for tests of what stands behind them.
#pragma once

#include <limits>
#include <string_view>

#include "core/model/update.hpp"

namespace tapeline::test {

inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

[[nodiscard]] inline InstrumentRow instrument_row(std::string_view symbol) {
  InstrumentRow row{};
  symbol.copy(row.symbol, symbol_bytes_max);
  symbol.copy(row.native_symbol, symbol_bytes_max);
  return row;
}

/// `price_mantissa` with two decimal places.
[[nodiscard]] inline Latest latest_value(std::int64_t price_mantissa, double rsi = undefined) {
  Latest latest{};
  latest.price_mantissa = price_mantissa;
  latest.price_exponent = -2;
  latest.rsi = rsi;
  latest.sma = latest.bb_upper = latest.bb_lower = latest.change_pct = latest.volatility = latest.provisional_rsi =
      undefined;
  return latest;
}

[[nodiscard]] inline AlertRow alert_row(std::uint64_t id_millis, std::uint64_t id_sequence) {
  AlertRow alert{};
  alert.bar_start_ns = 1'723'161'240 * nanos_per_second;
  alert.bar_end_ns = 1'723'161'300 * nanos_per_second;
  alert.id_millis = id_millis;
  alert.id_sequence = id_sequence;
  alert.interval_s = 60;
  alert.rule_version = 1;
  alert.severity = Severity::info;
  alert.signal = Signal::buy;
  alert.trend = Trend::bearish;
  alert.price_exponent = -2;
  std::string_view("rsi_oversold").copy(alert.rule, sizeof alert.rule - 1);
  alert.rule_index = 0;
  alert.evidence_count = 1;
  alert.evidence[0] = 28.25;
  alert.close_mantissa = 6'183'763;
  alert.close = 61'837.63;
  alert.rsi = 28.25;
  alert.sma = 62'000.5;
  alert.bb_upper = 63'000;
  alert.bb_lower = 61'001;
  alert.change_pct = -0.125;
  alert.volatility = undefined;
  return alert;
}

}  // namespace tapeline::test
