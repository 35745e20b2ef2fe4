// Options of the Binance feed (spot): combined streams over WebSocket, missed trades by REST.
#pragma once

#include <string>
#include <vector>

#include "feeds/source.hpp"

namespace tapeline::feeds::binance {

struct Config {
  bool enabled = false;
  std::string websocket_url = "wss://stream.binance.com:9443";
  /// For missed trades; empty: the source's own where websocket_url is its own, else nowhere.
  std::string rest_url;
  std::vector<Subscription> symbols;          // native names in upper case, "BTCUSDT"
  std::vector<std::string> streams{"trade"};  // of each symbol: trade or aggTrade, bookTicker, kline_1m …
  int silence_timeout_ms = 60'000;            // no frame for this long: reconnect, whatever is usual
  int connection_lifetime_s = 85'800;         // then over to a new one: the source cuts each after 24 h
  int backfill_trades_max = 50'000;           // a longer gap stays one; 0: none is filled
  int lateness_ms = 1'000;
};

/// Streams that one connection may have: symbols times streams must not exceed it.
inline constexpr std::size_t streams_max = 1024;

/// "trade", "aggTrade", "bookTicker", or "kline_" and an interval that has a fixed length.
[[nodiscard]] bool is_stream(const std::string& name);

}  // namespace tapeline::feeds::binance
