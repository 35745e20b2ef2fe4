#include "feeds/simulator/search_writer.hpp"

#include <algorithm>
#include <functional>

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

bool occurs(std::string_view text, std::string_view where) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::search(where.begin(), where.end(), text.begin(), text.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != where.end();
}

using Members = std::vector<std::pair<std::string_view, std::string>>;

/// An array of objects, one for each asset that has `members` and matches `text`.
std::string objects(const Market& market, std::string_view text,
                    const std::function<Members(const SymbolSpec&)>& members) {
  std::string out = "[";
  for (const Asset& asset : market.assets()) {
    const Members of_asset = members(asset.spec());
    const bool matches = occurs(text, asset.spec().name) || occurs(text, display_name(asset.spec()));
    if (of_asset.empty() || !matches) continue;
    if (out.back() != '[') out.push_back(',');
    out.push_back('{');
    for (const auto& [key, value] : of_asset) {
      if (out.back() != '{') out.push_back(',');
      append_json_string(out, key);
      out.push_back(':');
      append_json_string(out, value);
    }
    out.push_back('}');
  }
  return out + ']';
}

}  // namespace

std::optional<HttpReply> answer_search(const Market& market, const Target& target) {
  const auto is_equity = [](const SymbolSpec& spec) { return coingecko_id(spec).empty(); };
  if (target.path == "/api/v3/search") {
    return HttpReply{
        .body =
            "{\"coins\":" +
            objects(market, target.get("query"),
                    [&](const SymbolSpec& spec) {
                      if (is_equity(spec)) return Members();
                      return Members{{"id", coingecko_id(spec)}, {"name", display_name(spec)}, {"symbol", spec.name}};
                    }) +
            ",\"exchanges\":[]}"};
  }
  if (target.path == "/v1/finance/search") {
    return HttpReply{.body = "{\"quotes\":" +
                             objects(market, target.get("q"),
                                     [&](const SymbolSpec& spec) {
                                       return Members{{"symbol", yahoo_name(spec)},
                                                      {"shortname", display_name(spec)},
                                                      {"quoteType", is_equity(spec) ? "EQUITY" : "CRYPTOCURRENCY"},
                                                      {"exchDisp", is_equity(spec) ? "NASDAQ" : "CCC"}};
                                     }) +
                             ",\"news\":[]}"};
  }
  if (target.path == "/query" && target.get("function") == "SYMBOL_SEARCH" && !target.get("apikey").empty()) {
    return HttpReply{.body = "{\"bestMatches\":" +
                             objects(market, target.get("keywords"),
                                     [&](const SymbolSpec& spec) {
                                       if (!is_equity(spec)) return Members();
                                       return Members{{"1. symbol", alpha_vantage_name(spec)},
                                                      {"2. name", display_name(spec)},
                                                      {"3. type", "Equity"},
                                                      {"4. region", "United States"},
                                                      {"8. currency", "USD"}};
                                     }) +
                             "}"};
  }
  return std::nullopt;
}

}  // namespace tapeline::feeds::simulator
