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
#include "core/backtest/curve.hpp"
#include "core/backtest/tape.hpp"
#include "core/base/huge_pages.hpp"

namespace tapeline::backtest {

/// Bars that begin and end within are traded; what came before is only known.
struct Window {
  Nanos from_ns = std::numeric_limits<Nanos>::min();
  Nanos to_ns = std::numeric_limits<Nanos>::max();

  [[nodiscard]] bool holds(const Bar& bar) const noexcept { return bar.start_ns >= from_ns && bar.end_ns <= to_ns; }
};

struct Result {
  explicit Result(Money cash) : curve(cash), initial_cash(cash) {}

  std::vector<Order> orders;
  std::vector<Trade> trades;
  LongVector<EquityPoint> equity;  // at every instant at which a bar ends, where it is kept
  Curve curve;                     // of the same points
  Money initial_cash;
  Money slippage = 0;
  std::uint64_t bars = 0;
};

/// Whether the result holds every point of the equity, or the sums of Curve alone.
enum class KeepEquity : std::uint8_t { yes, no };

/// Throws std::range_error where money does not fit.
[[nodiscard]] Result run(const Tape& tape, const Config& config, const Window& window, Money cash,
                         KeepEquity keep_equity = KeepEquity::yes);

}  // namespace tapeline::backtest
