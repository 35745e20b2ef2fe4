// Options of the CoinGecko feed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/secret.hpp"
#include "feeds/source.hpp"

namespace tapeline::feeds::coingecko {

enum class Endpoint { simple_price, coins_markets, market_chart, ohlc };

struct Config {
  bool enabled = false;
  std::string base_url = "https://api.coingecko.com";
  Secret api_key;                     // optional: sent as x-cg-demo-api-key, or x-cg-pro-api-key to the pro host
  std::vector<Subscription> symbols;  // native names "<coin id>/<currency>", e.g. "bitcoin/usd"
  Endpoint endpoint = Endpoint::simple_price;
  int days = 1;  // how far market_chart and ohlc reach back: 1, 7, 14, 30, 90, 180 or 365
  int poll_seconds = 60;
  int requests_per_minute = 30;
  int requests_per_day = 0;   // in any 24 hours; 0: no limit
  int lateness_ms = 120'000;  // coins are refreshed minutes apart from each other
};

/// The header that carries the key: each kind of key has its host and its header.
[[nodiscard]] inline std::pair<std::string, std::string> key_header(const Config& config) {
  const bool is_pro = config.base_url.find("pro-api.") != std::string::npos;
  return {is_pro ? "x-cg-pro-api-key" : "x-cg-demo-api-key", config.api_key.reveal()};
}

}  // namespace tapeline::feeds::coingecko
