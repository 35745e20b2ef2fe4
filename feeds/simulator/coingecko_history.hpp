// Answers /api/v3/coins/{id}/market_chart and /ohlc as CoinGecko does, as far back as the simulated past reaches.
//
// Output    market_chart: 5 minutes apart for one day, an hour for more, the last point now and off the grid.
//           ohlc: candles of 30 minutes for one day, 4 hours for more, stamped with their end.
// Failure   A missing parameter is 422, an unknown id 404 {"error":"coin not found"}.
#pragma once

#include <string_view>

#include "core/base/time.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/request.hpp"

namespace tapeline::feeds::simulator {

/// `rest` is what follows /api/v3/coins/: "bitcoin/ohlc".
[[nodiscard]] HttpReply answer_coin_history(const Market& market, std::string_view rest, const Target& target,
                                            Nanos now_ns);

}  // namespace tapeline::feeds::simulator
