#include "feeds/yahoo/source.hpp"

#include <boost/asio/io_context.hpp>

#include "feeds/checking_sink.hpp"
#include "feeds/transport/polled_source.hpp"
#include "feeds/yahoo/streamer_source.hpp"
#include "feeds/yahoo/wire.hpp"

namespace tapeline::feeds::yahoo {
namespace {

/// "5m", "1h", "1d" in seconds. Precondition: one of the intervals that the configuration accepts.
int seconds_of(const std::string& interval) {
  const int count = std::stoi(interval);
  switch (interval.back()) {
    case 'h': return count * 3'600;
    case 'd': return count * 86'400;
    default: return count * 60;
  }
}

}  // namespace

std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                    const TransportConfig& transport) {
  if (config.mode == Mode::streamer) return make_streamer_source(context, config, transport);
  PolledOptions options;
  options.name = "yahoo";
  options.code = code;
  options.base_url = config.base_url;
  for (const Subscription& symbol : config.symbols) {
    const std::string target =
        "/v8/finance/chart/" + url_encoded(symbol.native_symbol) + "?interval=" + config.interval + "&range=";
    PolledRequest request{chart,
                          symbol.native_symbol + " " + std::to_string(seconds_of(config.interval)),
                          target + config.range,
                          symbol.native_symbol,
                          {symbol.native_symbol}};
    if (!config.catch_up_range.empty()) request.catch_up_target = target + config.catch_up_range;
    // A range of a day begins with the day, so that the end of yesterday is missing after a night.
    request.catch_up_ns = 3'600 * nanos_per_second;
    options.requests.push_back(std::move(request));
  }
  options.poll_seconds = config.poll_seconds;
  options.request_spacing_ms = config.request_spacing_ms;
  options.parser = std::make_unique<Parser>();
  return make_polled_source(context, std::move(options), transport);
}

CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms) {
  boost::asio::io_context context;
  Parser parser;
  return check_source(context, *make_source(context, config, transport), parser, timeout_ms);
}

}  // namespace tapeline::feeds::yahoo
