#include "feeds/kraken/search.hpp"

#include "feeds/search_json.hpp"

namespace tapeline::feeds::kraken {
namespace {

using simdjson::dom::element;

/// XBT and XDG are Kraken's own names; its WebSocket speaks of BTC and DOGE.
std::string usual_name(std::string name) {
  for (const auto& [own, usual] : {std::pair{"XBT/", "BTC/"}, std::pair{"XDG/", "DOGE/"}}) {
    if (name.starts_with(own)) name.replace(0, 4, usual);
  }
  return name;
}

/// {"error":[],"result":{"XXBTZUSD":{"wsname":"XBT/USD","status":"online"}}}
std::optional<FoundSymbols> read(std::string_view body, std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::object pairs;
  if (parser.parse(body.data(), body.size())["result"].get(pairs)) return std::nullopt;
  FoundSymbols found;
  for (const auto& [key, pair] : pairs) {
    const std::string name = usual_name(text_of(pair, "wsname"));
    if (name.empty() || text_of(pair, "status") != "online" || !occurs(text, name)) continue;
    found.push_back({name, std::string(key)});
  }
  return found;
}

}  // namespace

Result<FoundSymbols, std::string> search_symbols(const std::string& rest_url, const TransportConfig& transport,
                                                 const std::string& text) {
  SearchRequest request{rest_url.empty() ? "https://api.kraken.com" : rest_url, "/0/public/AssetPairs"};
  request.read = [&](std::string_view body) { return read(body, text); };
  return search(request, transport);
}

}  // namespace tapeline::feeds::kraken
