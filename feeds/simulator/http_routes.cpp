#include "feeds/simulator/http_routes.hpp"

#include "feeds/simulator/alpha_vantage_writer.hpp"
#include "feeds/simulator/coingecko_history.hpp"
#include "feeds/simulator/coingecko_writer.hpp"
#include "feeds/simulator/search_writer.hpp"
#include "feeds/simulator/trade_answers.hpp"
#include "feeds/simulator/yahoo_writer.hpp"

namespace tapeline::feeds::simulator {

RoutedReply route(const Market& market, const TradeHistory& history, const std::vector<CannedResponse>& canned,
                  std::string_view text, Nanos now_ns) {
  const Target target = parse_target(text);
  for (const CannedResponse& response : canned) {
    if (response.matches(target)) return {.reply = response.reply, .canned = true};
  }
  if (auto reply = answer_trades(history, target)) return {.reply = *std::move(reply)};
  constexpr std::string_view chart_path = "/v8/finance/chart/";
  constexpr std::string_view coins_path = "/api/v3/coins/";
  if (auto found = answer_search(market, target)) return {.reply = *std::move(found)};
  if (target.path == "/query") return {.reply = answer_alpha_vantage(market, target, now_ns)};
  if (target.path == "/api/v3/simple/price") return {.reply = answer_simple_price(market, target, now_ns)};
  if (target.path == "/api/v3/coins/markets") return {.reply = answer_coins_markets(market, target, now_ns)};
  if (target.path == "/api/v3/ping") return {.reply = {.body = R"({"gecko_says":"(V3) To the Moon!"})"}};
  if (target.path.starts_with(coins_path)) {
    return {.reply =
                answer_coin_history(market, std::string_view(target.path).substr(coins_path.size()), target, now_ns)};
  }
  if (target.path.starts_with(chart_path)) {
    return {.reply =
                answer_yahoo_chart(market, std::string_view(target.path).substr(chart_path.size()), target, now_ns)};
  }
  return {.reply = {.status = 404,
                    .content_type = "text/plain",
                    .body =
                        "tapeline sim: nothing lives here; try /query, /api/v3/simple/price, /api/v3/coins/markets, "
                        "/v8/finance/chart/SYMBOL, or a WebSocket at /stream?streams=btcusdt@trade\n"}};
}

}  // namespace tapeline::feeds::simulator
