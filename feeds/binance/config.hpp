// Options of the Binance feed (spot, combined trade streams over WebSocket).
#pragma once

#include <string>
#include <vector>

#include "feeds/source.hpp"

namespace tapeline::feeds::binance {

struct Config {
  bool enabled = false;
  std::string websocket_url = "wss://stream.binance.com:9443";
  std::vector<Subscription> symbols;  // native names in upper case, "BTCUSDT"
  int silence_timeout_ms = 60'000;    // no frame for this long: reconnect
  int lateness_ms = 1'000;
};

}  // namespace tapeline::feeds::binance
