#include "feeds/kraken/source.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "feeds/checking_sink.hpp"
#include "feeds/kraken/wire.hpp"
#include "feeds/transport/stream_source.hpp"
#include "feeds/transport/url.hpp"

namespace tapeline::feeds::kraken {
namespace {

/// REST keeps the old names of two assets, and has no slash.
std::string rest_pair(std::string_view symbol) {
  std::string pair;
  for (std::string_view rest = symbol; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view asset = rest.substr(0, slash);
    pair += asset == "BTC" ? "XBT" : asset == "DOGE" ? "XDG" : asset;
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  return pair;
}

}  // namespace

StreamPlan stream_plan(const Config& config) {
  StreamPlan plan;
  plan.name = "kraken";
  plan.code = code;
  plan.channel = stream;
  plan.parser = std::make_unique<Parser>();
  for (const Subscription& symbol : config.symbols) plan.symbols.push_back(symbol.native_symbol);
  plan.symbols_per_request = 50;
  plan.request_spacing_ns = 200 * nanos_per_millisecond;
  plan.subscribe = [channels = config.channels](std::span<const std::string> symbols, std::uint64_t id) {
    std::string names;
    for (const std::string& symbol : symbols) names += (names.empty() ? "\"" : ",\"") + symbol + '"';
    std::vector<std::string> messages;
    for (const std::string& channel : channels) {
      messages.push_back(R"({"method":"subscribe","params":{"channel":")" + channel + R"(","symbol":[)" + names +
                         R"(],"snapshot":true},"req_id":)" + std::to_string(id) + "}");
    }
    return messages;
  };
  plan.keep_alive = R"({"method":"ping"})";
  plan.heartbeat_ns = nanos_per_second;
  plan.silence_ns_max = Nanos{config.silence_timeout_ms} * nanos_per_millisecond;
  plan.lifetime_ns = Nanos{config.connection_lifetime_s} * nanos_per_second;
  plan.backfill.channel = trades;
  plan.backfill.trades_max = static_cast<std::uint64_t>(config.backfill_trades_max);
  plan.backfill.spacing_ns = nanos_per_second;
  plan.backfill.target = [](const MissedTrades& missed) {
    // The moment before: trades of the same one are not left out.
    return "/0/public/Trades?pair=" + url_encoded(rest_pair(missed.range.symbol)) +
           (missed.since_ns == 0 ? "" : "&since=" + std::to_string(missed.since_ns - 1)) +
           "&count=" + std::to_string(missed.page_max);
  };
  return plan;
}

std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                    const TransportConfig& transport) {
  StreamPlan plan = stream_plan(config);
  plan.reconnect_ns_max = Nanos{transport.reconnect_delay_ms_max} * nanos_per_millisecond;
  const bool is_its_own = config.websocket_url == Config{}.websocket_url;
  const std::string rest_url = config.rest_url.empty() && is_its_own ? "https://api.kraken.com" : config.rest_url;
  return make_stream_source(context, std::move(plan), {config.websocket_url, "", rest_url}, transport);
}

CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms) {
  boost::asio::io_context context;
  Parser parser;
  const auto source = make_source(context, config, transport);
  return check_source(context, *source, parser, timeout_ms);
}

}  // namespace tapeline::feeds::kraken
