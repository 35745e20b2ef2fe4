// Past trades by REST: Binance's historicalTrades and aggTrades, Coinbase's and Kraken's trades. Pure.
#pragma once

#include <optional>

#include "feeds/simulator/request.hpp"
#include "feeds/simulator/trade_history.hpp"

namespace tapeline::feeds::simulator {

/// nullopt: the path is of none of them.
[[nodiscard]] std::optional<HttpReply> answer_trades(const TradeHistory& history, const Target& target);

}  // namespace tapeline::feeds::simulator
