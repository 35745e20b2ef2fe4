#include "feeds/simulator/trade_answers.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "feeds/simulator/trade_texts.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

std::uint64_t number(const Target& target, std::string_view key, std::uint64_t otherwise) {
  const std::string_view text = target.get(key);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return text.empty() || error != std::errc{} || end != text.data() + text.size() ? otherwise : value;
}

std::size_t count_of(const Target& target, std::string_view key, std::uint64_t otherwise) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(number(target, key, otherwise), 1'000));
}

template <class Write>
std::string list_of(const std::vector<ToldTrade>& trades, Write write) {
  std::string text = "[";
  for (const ToldTrade& trade : trades) {
    if (text.size() > 1) text += ',';
    text += write(trade);
  }
  return text + ']';
}

HttpReply binance(const TradeHistory& history, const Target& target, bool is_aggregate) {
  const std::string_view symbol = target.get("symbol");
  const std::size_t count = count_of(target, "limit", 500);
  const std::uint64_t first = number(target, "fromId", none);
  const auto trades = first == none ? history.before(symbol, none, count) : history.from(symbol, first, count);
  if (!trades) return {.status = 400, .body = R"({"code":-1121,"msg":"Invalid symbol."})"};
  return {.body = list_of(*trades, [&](const ToldTrade& trade) {
            const std::string id = std::to_string(trade.id);
            const std::string time = std::to_string(trade.event_ns / nanos_per_millisecond);
            const std::string maker = trade.taker == TakerSide::sell ? "true" : "false";
            return is_aggregate
                       ? R"({"a":)" + id + R"(,"p":")" + trade.price + R"(","q":")" + trade.quantity + R"(","f":)" +
                             id + R"(,"l":)" + id + R"(,"T":)" + time + R"(,"m":)" + maker + R"(,"M":true})"
                       : R"({"id":)" + id + R"(,"price":")" + trade.price + R"(","qty":")" + trade.quantity +
                             R"(","quoteQty":"0","time":)" + time + R"(,"isBuyerMaker":)" + maker +
                             R"(,"isBestMatch":true})";
          })};
}

HttpReply coinbase(const TradeHistory& history, const Target& target, std::string_view product) {
  auto trades = history.before(product, number(target, "after", none), count_of(target, "limit", 1'000));
  if (!trades) return {.status = 404, .body = R"({"message":"NotFound"})"};
  std::reverse(trades->begin(), trades->end());
  return {.body = list_of(*trades, [](const ToldTrade& trade) {
            return R"({"time":")" + format_rfc3339(trade.event_ns) + R"(","trade_id":)" + std::to_string(trade.id) +
                   R"(,"price":")" + trade.price + R"(","size":")" + trade.quantity + R"(","side":")" +
                   (trade.taker == TakerSide::buy ? "sell" : "buy") + "\"}";  // the maker's
          })};
}

HttpReply kraken(const TradeHistory& history, const Target& target) {
  const std::string_view pair = target.get("pair");
  const std::size_t count = count_of(target, "count", 1'000);
  const std::uint64_t since = number(target, "since", none);
  const auto trades =
      since == none ? history.before(pair, none, count) : history.since(pair, static_cast<Nanos>(since), count);
  if (!trades) return {.body = R"({"error":["EQuery:Unknown asset pair"]})"};
  const std::string rows = list_of(*trades, [](const ToldTrade& trade) {
    std::string fraction = std::to_string(trade.event_ns % nanos_per_second);
    fraction.insert(0, 9 - fraction.size(), '0');
    return R"([")" + trade.price + R"(",")" + trade.quantity + R"(",)" +
           std::to_string(trade.event_ns / nanos_per_second) + '.' + fraction + R"(,")" +
           (trade.taker == TakerSide::buy ? "b" : "s") + R"(","m","",)" + std::to_string(trade.id) + "]";
  });
  const Nanos last_ns = trades->empty() ? 0 : trades->back().event_ns;
  return {.body = R"({"error":[],"result":{"PAIR":)" + rows + R"(,"last":")" + std::to_string(last_ns) + "\"}}"};
}

}  // namespace

std::optional<HttpReply> answer_trades(const TradeHistory& history, const Target& target) {
  constexpr std::string_view products = "/products/";
  constexpr std::string_view trades = "/trades";
  const std::string_view path = target.path;
  if (path == "/api/v3/historicalTrades") return binance(history, target, false);
  if (path == "/api/v3/aggTrades") return binance(history, target, true);
  if (path == "/0/public/Trades") return kraken(history, target);
  if (path.starts_with(products) && path.ends_with(trades) && path.size() > products.size() + trades.size()) {
    return coinbase(history, target, path.substr(products.size(), path.size() - products.size() - trades.size()));
  }
  return std::nullopt;
}

}  // namespace tapeline::feeds::simulator
