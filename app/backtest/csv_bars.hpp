// Bars of files: OHLCV as Yahoo, Alpha Vantage, exchanges and notebooks write them (docs/backtest.md).
//
// Failure   Throws csv::BadInput with file, line and cure for the first row that is none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/backtest/csv_time.hpp"
#include "core/bars/open_bar.hpp"
#include "core/bars/trading_calendar.hpp"
#include "core/base/huge_pages.hpp"

namespace tapeline::app {

struct CsvBars {
  LongVector<OpenBar> bars;  // ascending by start; closed
  std::uint32_t interval_s = 0;
  std::vector<std::string> remarks;
};

/// `interval_s` 0: the most frequent distance between rows.
[[nodiscard]] CsvBars read_csv_bars(const std::string& file, const TradingCalendar& calendar, SlashDates slashes,
                                    std::uint32_t interval_s);

}  // namespace tapeline::app
