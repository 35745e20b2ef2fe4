// The numbers of a trade of the tape as exchanges write them.
#pragma once

#include <string>

#include "feeds/simulator/trade_tape.hpp"

namespace tapeline::feeds::simulator {

struct TradeTexts {
  std::string price, quantity, bid, ask;
};

[[nodiscard]] TradeTexts texts_of_trade(const Market& market, const TradeTape& tape, const Trade& trade);

/// "2021-11-02T11:30:50.808413Z": always six digits.
[[nodiscard]] std::string format_rfc3339(Nanos time_ns);

}  // namespace tapeline::feeds::simulator
