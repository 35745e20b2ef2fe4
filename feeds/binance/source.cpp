#include "feeds/binance/source.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "feeds/binance/wire.hpp"
#include "feeds/checking_sink.hpp"
#include "feeds/transport/stream_source.hpp"
#include "feeds/transport/url.hpp"

namespace tapeline::feeds::binance {
namespace {

/// An address with more than this is too long for some servers; the others are subscribed to by messages.
constexpr std::size_t streams_per_request = 100;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string streams_of(std::span<const std::string> symbols, const std::vector<std::string>& streams,
                       std::string_view separator, std::string_view quote) {
  std::string names;
  for (const std::string& symbol : symbols) {
    for (const std::string& stream : streams) {
      if (!names.empty()) names += separator;
      names.append(quote).append(lower(symbol)).append("@").append(stream).append(quote);
    }
  }
  return names;
}

std::vector<std::string> native_names(const Config& config) {
  std::vector<std::string> names;
  for (const Subscription& symbol : config.symbols) names.push_back(symbol.native_symbol);
  return names;
}

bool has(const Config& config, std::string_view stream) {
  return std::find(config.streams.begin(), config.streams.end(), stream) != config.streams.end();
}

std::size_t symbols_per_request(const Config& config) {
  return std::max<std::size_t>(1, streams_per_request / std::max<std::size_t>(1, config.streams.size()));
}

}  // namespace

bool is_stream(const std::string& name) {
  constexpr std::array<std::string_view, 3> plain{"trade", "aggTrade", "bookTicker"};
  constexpr std::array<std::string_view, 15> intervals{"1s", "1m", "3m", "5m",  "15m", "30m", "1h", "2h",
                                                       "4h", "6h", "8h", "12h", "1d",  "3d",  "1w"};
  constexpr std::string_view kline = "kline_";
  if (std::find(plain.begin(), plain.end(), name) != plain.end()) return true;
  return name.starts_with(kline) &&
         std::find(intervals.begin(), intervals.end(), std::string_view(name).substr(kline.size())) != intervals.end();
}

StreamPlan stream_plan(const Config& config) {
  StreamPlan plan;
  plan.name = "binance";
  plan.code = code;
  plan.channel = combined;
  plan.parser = std::make_unique<Parser>();
  plan.symbols = native_names(config);
  plan.symbols_per_request = symbols_per_request(config);
  plan.subscribed_by_address = std::min(plan.symbols.size(), plan.symbols_per_request);
  plan.request_spacing_ns = 250 * nanos_per_millisecond;  // five messages a second are allowed
  plan.subscribe = [streams = config.streams](std::span<const std::string> symbols, std::uint64_t id) {
    return std::vector<std::string>{R"({"method":"SUBSCRIBE","params":[)" + streams_of(symbols, streams, ",", "\"") +
                                    R"(],"id":)" + std::to_string(id) + "}"};
  };
  plan.heartbeat_ns = 20 * nanos_per_second;  // pings
  plan.silence_ns_max = Nanos{config.silence_timeout_ms} * nanos_per_millisecond;
  plan.lifetime_ns = Nanos{config.connection_lifetime_s} * nanos_per_second;
  const bool is_aggregate = has(config, "aggTrade");
  plan.asks_for_new_symbols = is_aggregate || has(config, "trade");
  plan.backfill.channel = is_aggregate ? aggregate_trades : historical_trades;
  plan.backfill.trades_max = plan.asks_for_new_symbols ? static_cast<std::uint64_t>(config.backfill_trades_max) : 0;
  plan.backfill.target = [is_aggregate](const MissedTrades& missed) {
    const BackfillRange& range = missed.range;
    const std::uint64_t page = missed.page_max;
    const std::uint64_t count =
        range.last == BackfillRange::newest ? page : std::min(page, range.last - range.first + 1);
    return (is_aggregate ? "/api/v3/aggTrades?symbol=" : "/api/v3/historicalTrades?symbol=") +
           url_encoded(range.symbol) + (range.first == 0 ? "" : "&fromId=" + std::to_string(range.first)) +
           "&limit=" + std::to_string(count);
  };
  return plan;
}

std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                    const TransportConfig& transport) {
  StreamPlan plan = stream_plan(config);
  plan.reconnect_ns_max = Nanos{transport.reconnect_delay_ms_max} * nanos_per_millisecond;
  const std::span<const std::string> in_address(plan.symbols.data(), plan.subscribed_by_address);
  const std::string path = "/stream?streams=" + streams_of(in_address, config.streams, "/", "");
  const bool is_its_own = config.websocket_url == Config{}.websocket_url;
  const std::string rest_url =
      config.rest_url.empty() && is_its_own ? "https://data-api.binance.vision" : config.rest_url;
  return make_stream_source(context, std::move(plan), {config.websocket_url, path, rest_url}, transport);
}

CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms) {
  boost::asio::io_context context;
  Parser parser;
  const auto source = make_source(context, config, transport);
  return check_source(context, *source, parser, timeout_ms);
}

}  // namespace tapeline::feeds::binance
