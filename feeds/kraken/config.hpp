// Options of the Kraken feed (WebSocket v2): trades over WebSocket, missed ones by REST.
#pragma once

#include <string>
#include <vector>

#include "feeds/source.hpp"

namespace tapeline::feeds::kraken {

struct Config {
  bool enabled = false;
  std::string websocket_url = "wss://ws.kraken.com/v2";
  /// For missed trades; empty: the source's own where websocket_url is its own, else nowhere.
  std::string rest_url;
  std::vector<Subscription> symbols;           // native names: "BTC/USD"
  std::vector<std::string> channels{"trade"};  // trade, and ticker for quotes
  int silence_timeout_ms = 60'000;             // no frame for this long: reconnect, whatever is usual
  int connection_lifetime_s = 0;               // then over to a new connection; 0: never
  int backfill_trades_max = 50'000;            // a longer gap stays one; 0: none is filled
  int lateness_ms = 1'000;
};

}  // namespace tapeline::feeds::kraken
