#include "feeds/coinbase/source.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "feeds/checking_sink.hpp"
#include "feeds/coinbase/wire.hpp"
#include "feeds/transport/stream_source.hpp"
#include "feeds/transport/url.hpp"

namespace tapeline::feeds::coinbase {

StreamPlan stream_plan(const Config& config) {
  StreamPlan plan;
  plan.name = "coinbase";
  plan.code = code;
  plan.channel = stream;
  plan.parser = std::make_unique<Parser>();
  for (const Subscription& symbol : config.symbols) plan.symbols.push_back(symbol.native_symbol);
  plan.request_spacing_ns = 100 * nanos_per_millisecond;
  plan.subscribe = [channels = config.channels](std::span<const std::string> symbols, std::uint64_t) {
    std::string products;
    for (const std::string& symbol : symbols) products += (products.empty() ? "\"" : ",\"") + symbol + '"';
    // The heartbeat is what tells a quiet market from a dead line, and which trade is the newest.
    std::string names = R"("heartbeat")";
    for (const std::string& channel : channels) names += ",\"" + channel + '"';
    return std::vector<std::string>{R"({"type":"subscribe","product_ids":[)" + products + R"(],"channels":[)" + names +
                                    "]}"};
  };
  plan.heartbeat_ns = nanos_per_second;
  plan.silence_ns_max = Nanos{config.silence_timeout_ms} * nanos_per_millisecond;
  plan.lifetime_ns = Nanos{config.connection_lifetime_s} * nanos_per_second;
  plan.backfill.channel = trades;
  plan.backfill.order = AnswerOrder::newest_first;
  plan.backfill.trades_max = static_cast<std::uint64_t>(config.backfill_trades_max);
  plan.backfill.target = [](const MissedTrades& missed) {
    const BackfillRange& range = missed.range;
    const bool is_open_ended = range.last == BackfillRange::newest;
    const std::uint64_t page = missed.page_max;
    const std::uint64_t count = is_open_ended ? page : std::min(page, range.last - range.first + 1);
    return "/products/" + url_encoded(range.symbol) + "/trades?limit=" + std::to_string(count) +
           (is_open_ended ? "" : "&after=" + std::to_string(range.last + 1));
  };
  return plan;
}

std::unique_ptr<Source> make_source(boost::asio::io_context& context, const Config& config,
                                    const TransportConfig& transport) {
  StreamPlan plan = stream_plan(config);
  plan.reconnect_ns_max = Nanos{transport.reconnect_delay_ms_max} * nanos_per_millisecond;
  const bool is_its_own = config.websocket_url == Config{}.websocket_url;
  const std::string rest_url =
      config.rest_url.empty() && is_its_own ? "https://api.exchange.coinbase.com" : config.rest_url;
  return make_stream_source(context, std::move(plan), {config.websocket_url, "", rest_url}, transport);
}

CheckResult check(const Config& config, const TransportConfig& transport, int timeout_ms) {
  boost::asio::io_context context;
  Parser parser;
  const auto source = make_source(context, config, transport);
  return check_source(context, *source, parser, timeout_ms);
}

}  // namespace tapeline::feeds::coinbase
