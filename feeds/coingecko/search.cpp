#include "feeds/coingecko/search.hpp"

#include "feeds/search_json.hpp"

namespace tapeline::feeds::coingecko {
namespace {

using simdjson::dom::element;

/// {"coins":[{"id":"bitcoin","name":"Bitcoin","symbol":"BTC","market_cap_rank":1}]}
std::optional<FoundSymbols> read(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::array coins;
  if (parser.parse(body.data(), body.size())["coins"].get(coins)) return std::nullopt;
  FoundSymbols found;
  for (const element coin : coins) {
    std::int64_t rank = 0;
    const bool is_ranked = coin["market_cap_rank"].get(rank) == simdjson::SUCCESS;
    found.push_back({text_of(coin, "id") + "/usd", text_of(coin, "name") + " (" + text_of(coin, "symbol") + ")" +
                                                       (is_ranked ? ", rank " + std::to_string(rank) : "")});
  }
  return found;
}

}  // namespace

Result<FoundSymbols, std::string> search_symbols(const Config& config, const TransportConfig& transport,
                                                 const std::string& text) {
  SearchRequest request{config.base_url, "/api/v3/search?query=" + url_encoded(text)};
  if (!config.api_key.empty()) {
    request.headers.push_back(key_header(config));
    request.key = config.api_key;
  }
  request.read = read;
  return search(request, transport);
}

}  // namespace tapeline::feeds::coingecko
