#include "feeds/alpha_vantage/source.hpp"

#include <boost/asio/io_context.hpp>

#include "feeds/alpha_vantage/wire.hpp"
#include "feeds/checking_sink.hpp"
#include "feeds/transport/polled_source.hpp"

namespace tapeline::feeds::alpha_vantage {
namespace {

PolledRequest request_of(const Config& config, const std::string& native_symbol) {
  const std::string of_symbol = "&symbol=" + url_encoded(native_symbol);
  const std::string format = config.format == Format::csv ? "&datatype=csv" : "";
  switch (config.function) {
    case Function::global_quote:
      return {global_quote, native_symbol, "/query?function=GLOBAL_QUOTE" + of_symbol + format, native_symbol};
    case Function::daily:
      return {daily, native_symbol, "/query?function=TIME_SERIES_DAILY" + of_symbol + "&outputsize=compact" + format,
              native_symbol};
    case Function::intraday: break;
  }
  const std::string minutes = std::to_string(config.interval_minutes);
  return {
      intraday, native_symbol + " " + std::to_string(config.interval_minutes * 60),
      "/query?function=TIME_SERIES_INTRADAY" + of_symbol + "&interval=" + minutes + "min&outputsize=compact" + format,
      native_symbol};
}

}  // namespace

std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                    const TransportConfig& transport, const MarketOf& market_of) {
  PolledOptions options;
  options.name = "alpha_vantage";
  options.code = code;
  options.base_url = config.base_url;
  for (const Subscription& symbol : config.symbols) {
    options.requests.push_back(request_of(config, symbol.native_symbol));
    options.requests.back().symbols = {symbol.native_symbol};
    if (market_of) options.requests.back().market = market_of(symbol.symbol);
  }
  options.key_parameter = "apikey";
  options.key = config.api_key;
  options.poll_seconds = config.poll_seconds;
  options.request_spacing_ms = config.request_spacing_ms;
  options.requests_per_day = config.requests_per_day;
  options.parser = std::make_unique<Parser>();
  return make_polled_source(context, std::move(options), transport);
}

CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms) {
  boost::asio::io_context context;
  Parser parser;
  return check_source(context, *make_source(context, config, transport), parser, timeout_ms);
}

}  // namespace tapeline::feeds::alpha_vantage
