// Tapes written by hand, for the tests of the backtest.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "core/backtest/engine.hpp"

namespace tapeline::backtest {

inline constexpr Nanos minute_ns = 60 * nanos_per_second;

/// Bar number `minute` of a series, in cents.
struct At {
  std::uint32_t series;
  int minute;
  std::int64_t open;
  std::int64_t close;
  Intents intents = 0;
};

inline Tape tape_of(std::vector<At> bars, std::size_t series_count = 1) {
  auto market = std::make_shared<Market>();
  market->interval_s = 60;
  for (std::size_t i = 0; i < series_count; ++i) {
    market->series.push_back({std::string(1, static_cast<char>('A' + i)), "test", 525'600});
  }
  std::stable_sort(bars.begin(), bars.end(), [](const At& a, const At& b) { return a.minute < b.minute; });
  Tape tape;
  for (const At& at : bars) {
    market->bars.push_back({at.minute * minute_ns, (at.minute + 1) * minute_ns, at.open, at.close, at.series, -2});
    tape.intents.push_back(at.intents);
  }
  tape.market = std::move(market);
  return tape;
}

/// Whole units of money.
constexpr Money whole(std::int64_t amount) { return Money{amount} * money_unit; }
/// Hundredths.
constexpr Money cents(std::int64_t amount) { return Money{amount} * (money_unit / 100); }

}  // namespace tapeline::backtest
