#include "feeds/yahoo/search.hpp"

#include "feeds/search_json.hpp"

namespace tapeline::feeds::yahoo {
namespace {

using simdjson::dom::element;

/// {"quotes":[{"symbol":"BTC-USD","shortname":"Bitcoin USD","quoteType":"CRYPTOCURRENCY","exchDisp":"CCC"}]}
std::optional<FoundSymbols> read(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::array quotes;
  if (parser.parse(body.data(), body.size())["quotes"].get(quotes)) return std::nullopt;
  FoundSymbols found;
  for (const element quote : quotes) {
    if (text_of(quote, "symbol").empty()) continue;  // what Yahoo has only a page of
    std::string name = text_of(quote, "longname");
    if (name.empty()) name = text_of(quote, "shortname");
    found.push_back(
        {text_of(quote, "symbol"), name + ", " + text_of(quote, "quoteType") + ", " + text_of(quote, "exchDisp")});
  }
  return found;
}

}  // namespace

Result<FoundSymbols, std::string> search_symbols(const Config& config, const TransportConfig& transport,
                                                 const std::string& text) {
  SearchRequest request{config.base_url, "/v1/finance/search?q=" + url_encoded(text) + "&quotesCount=10&newsCount=0"};
  request.read = read;
  return search(request, transport);
}

}  // namespace tapeline::feeds::yahoo
