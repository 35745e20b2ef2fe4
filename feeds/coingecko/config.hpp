// Options of the CoinGecko feed.
#pragma once

#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "feeds/source.hpp"

namespace tapeline::feeds::coingecko {

enum class Endpoint { simple_price, coins_markets };

struct Config {
  bool enabled = false;
  std::string base_url = "https://api.coingecko.com";
  Secret api_key;                     // optional: sent as x-cg-demo-api-key, or x-cg-pro-api-key to the pro host
  std::vector<Subscription> symbols;  // native names "<coin id>/<currency>", e.g. "bitcoin/usd"
  Endpoint endpoint = Endpoint::simple_price;
  int poll_seconds = 60;
  int lateness_ms = 120'000;  // coins are refreshed minutes apart from each other
};

}  // namespace tapeline::feeds::coingecko
