#include "feeds/alpha_vantage/search.hpp"

#include "core/base/time.hpp"
#include "feeds/search_json.hpp"
#include "feeds/transport/quota_ledger.hpp"

namespace tapeline::feeds::alpha_vantage {
namespace {

using simdjson::dom::element;

/// {"bestMatches":[{"1. symbol":"TSCO.LON","2. name":"Tesco PLC","3. type":"Equity","4. region":"…","8. currency":"GBX"}]}
std::optional<FoundSymbols> read(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::array matches;
  if (parser.parse(body.data(), body.size())["bestMatches"].get(matches)) return std::nullopt;
  FoundSymbols found;
  for (const element match : matches) {
    found.push_back({text_of(match, "1. symbol"), text_of(match, "2. name") + ", " + text_of(match, "3. type") + ", " +
                                                      text_of(match, "4. region") + ", " +
                                                      text_of(match, "8. currency")});
  }
  return found;
}

}  // namespace

Result<FoundSymbols, std::string> search_symbols(const Config& config, const TransportConfig& transport,
                                                 const std::string& text) {
  if (config.requests_per_day > 0) {
    const std::string file = quota_file(transport.quota_directory, "alpha_vantage", config.api_key.reveal());
    QuotaLedger ledger(file, config.requests_per_day);
    if (!ledger.try_spend("SYMBOL_SEARCH", wall_now_ns())) {
      return Unexpected<std::string>{!ledger.last_error().empty() ? ledger.last_error()
                                                                  : "the quota of the last 24 hours is used up"};
    }
  }
  SearchRequest request{config.base_url, "/query?function=SYMBOL_SEARCH&keywords=" + url_encoded(text)};
  request.key_parameter = "apikey";
  request.key = config.api_key;
  request.read = read;
  return search(request, transport);
}

}  // namespace tapeline::feeds::alpha_vantage
