// What a backtest trades on: closed bars of several series in the order of their ends, and what the strategy wants at each.
//
// Ordering  Bars ascend by (end, series). A bar's intent was known at its end, and rests on nothing later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/huge_pages.hpp"
#include "core/base/time.hpp"
#include "core/model/row.hpp"

namespace tapeline::backtest {

/// One instrument's bars of one length.
struct Series {
  std::string symbol;
  std::string source;
  double periods_per_year = 0;
};

struct Bar {
  Nanos start_ns;
  Nanos end_ns;
  std::int64_t open;
  std::int64_t close;
  std::uint32_t series;
  std::int8_t price_exponent;
};

/// What a strategy asks for; bits of one byte.
enum Intent : std::uint8_t { open_long = 1, close_long = 2, open_short = 4, close_short = 8 };
using Intents = std::uint8_t;

/// Of Strategy::signal.
[[nodiscard]] constexpr Intents intents_of(Signal signal) noexcept {
  if (signal == Signal::buy) return open_long | close_short;
  if (signal == Signal::sell) return close_long | open_short;
  return 0;
}

struct SignalChange {
  std::size_t bar;  // by number in the tape
  SignalRow row;
};

struct FiredRule {
  std::size_t bar;
  std::uint16_t rule;  // of the configuration's rule set
  double close;
  double rsi;
};

/// The same for every strategy: shared by the tapes of a sweep.
struct Market {
  std::vector<Series> series;
  LongVector<Bar> bars;
  std::vector<std::int64_t> known_at;  // of each bar: a measure of when it was known; empty: its end
  std::uint32_t interval_s = 0;

  [[nodiscard]] std::int64_t known(std::size_t bar) const noexcept {
    return known_at.empty() ? bars[bar].end_ns : known_at[bar];
  }
};

struct Tape {
  std::shared_ptr<const Market> market;
  std::vector<Intents> intents;  // of each bar
  std::vector<SignalChange> signals;
  std::vector<FiredRule> fired;
};

}  // namespace tapeline::backtest
