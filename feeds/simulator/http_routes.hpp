// One HTTP request to one reply: canned responses first, then the simulated sources. Pure: no socket, no clock.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "feeds/simulator/canned_response.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/trade_history.hpp"

namespace tapeline::feeds::simulator {

struct RoutedReply {
  HttpReply reply;
  bool canned = false;
};

/// `target` as it stands in the request line.
[[nodiscard]] RoutedReply route(const Market& market, const TradeHistory& history,
                                const std::vector<CannedResponse>& canned, std::string_view target, Nanos now_ns);

}  // namespace tapeline::feeds::simulator
