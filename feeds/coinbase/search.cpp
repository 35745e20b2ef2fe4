#include "feeds/coinbase/search.hpp"

#include "feeds/search_json.hpp"

namespace tapeline::feeds::coinbase {
namespace {

using simdjson::dom::element;

/// [{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","status":"online"}]
std::optional<FoundSymbols> read(std::string_view body, std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::array products;
  if (parser.parse(body.data(), body.size()).get(products)) return std::nullopt;
  FoundSymbols found;
  for (const element product : products) {
    const std::string name = text_of(product, "id");
    if (text_of(product, "status") != "online" || !occurs(text, name)) continue;
    found.push_back({name, text_of(product, "base_currency") + " in " + text_of(product, "quote_currency")});
  }
  return found;
}

}  // namespace

Result<FoundSymbols, std::string> search_symbols(const std::string& rest_url, const TransportConfig& transport,
                                                 const std::string& text) {
  SearchRequest request{rest_url.empty() ? "https://api.exchange.coinbase.com" : rest_url, "/products"};
  request.read = [&](std::string_view body) { return read(body, text); };
  return search(request, transport);
}

}  // namespace tapeline::feeds::coinbase
