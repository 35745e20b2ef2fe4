#include "feeds/coingecko/source.hpp"

#include <map>
#include <set>

#include <boost/asio/io_context.hpp>

#include "feeds/checking_sink.hpp"
#include "feeds/coingecko/wire.hpp"
#include "feeds/transport/polled_source.hpp"

namespace tapeline::feeds::coingecko {
namespace {

/// One call holds this many ids: the address stays well below 8 KiB.
constexpr std::size_t ids_per_call = 200;

/// "bitcoin/usd" is coin bitcoin in currency usd.
std::pair<std::string, std::string> coin_and_currency(const std::string& native_symbol) {
  const std::size_t slash = native_symbol.rfind('/');
  if (slash == std::string::npos) return {native_symbol, "usd"};
  return {native_symbol.substr(0, slash), native_symbol.substr(slash + 1)};
}

template <class Strings>
std::string joined(const Strings& strings) {
  std::string text;
  // No space after a comma: the source would drop that coin without a word.
  for (const std::string& one : strings) text += (text.empty() ? "" : ",") + url_encoded(one);
  return text;
}

/// Seconds of a candle: the source decides by how far it is asked back.
int candle_seconds(int days) {
  constexpr int hour = 3'600;
  return days <= 2 ? hour / 2 : days <= 30 ? 4 * hour : 4 * 24 * hour;
}

/// One call for each coin.
std::vector<PolledRequest> history_requests(const Config& config) {
  const bool is_ohlc = config.endpoint == Endpoint::ohlc;
  std::vector<PolledRequest> requests;
  for (const Subscription& symbol : config.symbols) {
    const auto [coin, currency] = coin_and_currency(symbol.native_symbol);
    const std::string query =
        "?vs_currency=" + currency + "&days=" + std::to_string(config.days) + (is_ohlc ? "&precision=full" : "");
    requests.push_back({is_ohlc ? ohlc : market_chart,
                        symbol.native_symbol + (is_ohlc ? " " + std::to_string(candle_seconds(config.days)) : ""),
                        "/api/v3/coins/" + url_encoded(coin) + (is_ohlc ? "/ohlc" : "/market_chart") + query,
                        symbol.native_symbol,
                        {symbol.native_symbol}});
  }
  return requests;
}

/// Calls by currency, because a coin may be wanted in one only.
std::vector<PolledRequest> price_requests(const Config& config) {
  std::map<std::string, std::vector<std::string>> coins_by_currency;
  for (const Subscription& symbol : config.symbols) {
    const auto [coin, currency] = coin_and_currency(symbol.native_symbol);
    coins_by_currency[currency].push_back(coin);
  }
  std::vector<PolledRequest> requests;
  for (const auto& [currency, coins] : coins_by_currency) {
    for (std::size_t begin = 0; begin < coins.size(); begin += ids_per_call) {
      const auto first = coins.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::vector<std::string> of_call(
          first, first + static_cast<std::ptrdiff_t>(std::min(ids_per_call, coins.size() - begin)));
      const std::string ids = joined(of_call);
      if (config.endpoint == Endpoint::simple_price) {
        requests.push_back({simple_price, currency,
                            "/api/v3/simple/price?ids=" + ids + "&vs_currencies=" + currency +
                                "&include_last_updated_at=true&precision=full",
                            "prices in " + currency});
      } else {
        requests.push_back({coins_markets, currency,
                            "/api/v3/coins/markets?vs_currency=" + currency + "&ids=" + ids + "&per_page=250",
                            "markets in " + currency});
      }
      for (const std::string& coin : of_call) requests.back().symbols.push_back(coin + '/' + currency);
    }
  }
  return requests;
}

}  // namespace

std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                    const TransportConfig& transport) {
  PolledOptions options;
  options.name = "coingecko";
  options.code = code;
  options.base_url = config.base_url;
  const bool is_history = config.endpoint == Endpoint::market_chart || config.endpoint == Endpoint::ohlc;
  options.requests = is_history ? history_requests(config) : price_requests(config);
  if (!config.api_key.empty()) {
    options.headers.push_back(key_header(config));
    options.key = config.api_key;
  }
  options.poll_seconds = config.poll_seconds;
  options.requests_per_minute = config.requests_per_minute;
  options.requests_per_day = config.requests_per_day;
  options.parser = std::make_unique<Parser>();
  return make_polled_source(context, std::move(options), transport);
}

CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms) {
  boost::asio::io_context context;
  Parser parser;
  return check_source(context, *make_source(context, config, transport), parser, timeout_ms);
}

}  // namespace tapeline::feeds::coingecko
