// Runs a tape through an account.
//
// Ordering  Instant by instant: first the bars that end are valued and judged, then the orders of bars that begin are
//           filled; at one instant closing orders come before opening ones, then order of the series. No order is
//           filled before its signal was known.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/backtest/account.hpp"
#include "core/backtest/config.hpp"
#include "core/backtest/tape.hpp"

namespace tapeline::backtest {

/// Bars that begin and end within are traded; what came before is only known.
struct Window {
  Nanos from_ns = std::numeric_limits<Nanos>::min();
  Nanos to_ns = std::numeric_limits<Nanos>::max();

  [[nodiscard]] bool holds(const Bar& bar) const noexcept { return bar.start_ns >= from_ns && bar.end_ns <= to_ns; }
};

struct EquityPoint {
  Nanos time_ns;
  Money equity;
  Money cash;
  Money exposure;
};

struct Result {
  std::vector<Order> orders;
  std::vector<Trade> trades;
  std::vector<EquityPoint> equity;  // at every instant at which a bar ends
  Money initial_cash = 0;
  Money slippage = 0;
  std::uint64_t bars = 0;
};

/// Throws std::range_error where money does not fit.
[[nodiscard]] Result run(const Tape& tape, const Config& config, const Window& window, Money cash);

}  // namespace tapeline::backtest
