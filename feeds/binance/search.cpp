#include "feeds/binance/search.hpp"

#include "feeds/search_json.hpp"

namespace tapeline::feeds::binance {
namespace {

using simdjson::dom::element;

/// {"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT"}]}
std::optional<FoundSymbols> read(std::string_view body, std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::array symbols;
  if (parser.parse(body.data(), body.size())["symbols"].get(symbols)) return std::nullopt;
  FoundSymbols found;
  for (const element symbol : symbols) {
    const std::string name = text_of(symbol, "symbol");
    if (text_of(symbol, "status") != "TRADING" || !occurs(text, name)) continue;
    found.push_back({name, text_of(symbol, "baseAsset") + " in " + text_of(symbol, "quoteAsset")});
  }
  return found;
}

}  // namespace

Result<FoundSymbols, std::string> search_symbols(const std::string& rest_url, const TransportConfig& transport,
                                                 const std::string& text) {
  SearchRequest request{rest_url.empty() ? "https://api.binance.com" : rest_url,
                        "/api/v3/exchangeInfo?permissions=SPOT&showPermissionSets=false"};
  request.read = [&](std::string_view body) { return read(body, text); };
  return search(request, transport);
}

}  // namespace tapeline::feeds::binance
