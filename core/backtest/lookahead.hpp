// Does a strategy know the future? The history is cut, and what is said of the beginning must not change.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/backtest/config.hpp"
#include "core/backtest/tape.hpp"

namespace tapeline::backtest {

struct LookaheadReport {
  std::size_t cuts = 0;
  std::size_t cuts_with_orders = 0;  // of which orders could be compared: no bar of the rest had ended before the cut
  std::uint64_t bars_compared = 0;
  std::vector<std::string> findings;  // one a cut, what differs first
};

/// What is known at `until` (see Market::known()), computed without the rest.
using Truncated = std::function<Tape(std::int64_t until)>;

/// Compares bars, intents, signals, rules and orders of `whole` with those of at most `cuts` shorter histories.
[[nodiscard]] LookaheadReport check_lookahead(const Tape& whole, const Config& config, const Truncated& truncated,
                                              std::size_t cuts);

}  // namespace tapeline::backtest
