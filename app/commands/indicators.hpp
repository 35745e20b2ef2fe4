// `tapeline indicators`: a CSV of closes in, a CSV of indicators out, by the very kernels of the live pipeline.
//
// Input     CSV whose header names one column `close` and, for the ATR, `high` and `low` (any position and case; the
//           other columns are ignored). LF or CRLF, byte order mark, quoted fields and a missing final newline are fine,
//           blank lines are skipped.
// Output    index,close,smaN,rsiN,bb_mid,bb_sigma,bb_upper,bb_lower,volN,change_pct, then, where asked for, emaN,
//           macd,macd_signal,macd_histogram and atrN; the close as it was written, doubles as the shortest text that
//           reads back to the same double, empty where undefined. Volatility is per bar.
// Failure   The first line that cannot be used ends the command: `err` names file, line, column, text and cure.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <string>

#include "core/indicators/macd.hpp"

namespace tapeline::app {

struct IndicatorsOptions {
  std::uint32_t sma = 20;
  std::uint32_t rsi = 14;
  std::uint32_t bollinger = 20;
  double width = 2;  // of the bands, in standard deviations
  std::uint32_t volatility = 20;
  std::optional<std::uint32_t> ema;
  std::optional<MacdLengths> macd;
  std::optional<std::uint32_t> atr;
  std::string file = "-";  // "-": `in`
};

/// Exit status: 0, or 1 for input that cannot be used, or 2 for options that are impossible.
[[nodiscard]] int run_indicators(const IndicatorsOptions& options, std::istream& in, std::ostream& out,
                                 std::ostream& err);

}  // namespace tapeline::app
