#include "feeds/simulator/coinbase_dialect.hpp"

#include <algorithm>

#include <simdjson.h>

#include "feeds/simulator/text.hpp"
#include "feeds/simulator/trade_texts.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr std::string_view channels[] = {"matches", "ticker", "heartbeat"};

std::string error(std::string_view reason) {
  std::string text = R"({"type":"error","message":"Failed to subscribe","reason":)";
  append_json_string(text, reason);
  return text + "}";
}

std::vector<std::string> texts_of(simdjson::dom::element element, const char* key) {
  std::vector<std::string> texts;
  simdjson::dom::array list;
  if (element[key].get(list) != simdjson::SUCCESS) return texts;
  for (const simdjson::dom::element one : list) {
    std::string_view text;
    if (one.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

}  // namespace

CoinbaseDialect::CoinbaseDialect(const Market& market, const TradeTape& tape) : market_(market), tape_(tape) {
  for (const Asset& asset : market.assets()) products_.push_back({coinbase_name(asset.spec()), 0, {}});
}

std::string CoinbaseDialect::subscriptions() const {
  std::string text = R"({"type":"subscriptions","channels":[)";
  for (const std::string_view channel : channels) {
    std::string names;
    for (const auto& [wanted, asset] : wanted_) {
      if (wanted == channel) names += (names.empty() ? "\"" : ",\"") + products_[asset].name + '"';
    }
    if (names.empty()) continue;
    if (text.back() == '}') text += ',';
    text += R"({"name":")" + std::string(channel) + R"(","product_ids":[)" + names + R"(],"account_ids":null})";
  }
  return text + "]}";
}

void CoinbaseDialect::answer(std::string_view request, const Send& send) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view type;
  if (parser.parse(request.data(), request.size()).get(root) != simdjson::SUCCESS ||
      root["type"].get(type) != simdjson::SUCCESS || (type != "subscribe" && type != "unsubscribe")) {
    return send(R"({"type":"error","message":"Malformed JSON"})");
  }
  const std::vector<std::string> names = texts_of(root, "product_ids");
  for (const std::string& name : names) {
    const bool is_known =
        std::any_of(products_.begin(), products_.end(), [&](const Product& p) { return p.name == name; });
    // As seen there: one wrong product, and none of the request is subscribed to.
    if (name.empty() || !is_known) return send(error(name + " is not a valid product"));
  }
  for (const std::string& channel : texts_of(root, "channels")) {
    if (std::find(std::begin(channels), std::end(channels), channel) == std::end(channels)) {
      return send(error(channel + " is not a valid channel"));
    }
    for (std::size_t asset = 0; asset < products_.size(); ++asset) {
      if (std::find(names.begin(), names.end(), products_[asset].name) == names.end()) continue;
      type == "subscribe" ? void(wanted_.emplace(channel, asset)) : void(wanted_.erase({channel, asset}));
      const std::string& last = products_[asset].last_match;
      if (type == "subscribe" && channel == "matches" && !last.empty()) send(last);
    }
  }
  send(subscriptions());
}

void CoinbaseDialect::tell(const Trade& trade, const Send& send) {
  Product& product = products_[trade.asset];
  product.last_trade_id = trade.id;
  const TradeTexts texts = texts_of_trade(market_, tape_, trade);
  const std::string_view maker = trade.taker == TakerSide::buy ? "sell" : "buy";
  const std::string_view taker = trade.taker == TakerSide::buy ? "buy" : "sell";
  const std::string time = format_rfc3339(trade.event_ns);
  // The sequence counts every message of the product, of which trades are few.
  const std::string tail = R"(,"sequence":)" + std::to_string(trade.id * 17) + R"(,"time":")" + time + "\"";
  const auto match = [&](std::string_view type) {
    return R"({"type":")" + std::string(type) + R"(","trade_id":)" + std::to_string(trade.id) +
           R"(,"maker_order_id":"m","taker_order_id":"t","side":")" + std::string(maker) + R"(","size":")" +
           texts.quantity + R"(","price":")" + texts.price + R"(","product_id":")" + product.name + '"' + tail + "}";
  };
  if (wanted_.contains({"matches", trade.asset})) {
    send(match("match"));
    product.last_match = match("last_match");
  }
  if (wanted_.contains({"ticker", trade.asset})) {
    send(R"({"type":"ticker","product_id":")" + product.name + R"(","price":")" + texts.price + R"(","best_bid":")" +
         texts.bid + R"(","best_ask":")" + texts.ask + R"(","side":")" + std::string(taker) + R"(","trade_id":)" +
         std::to_string(trade.id) + R"(,"last_size":")" + texts.quantity + '"' + tail + "}");
  }
}

void CoinbaseDialect::beat(Nanos now_ns, const Send& send) {
  for (const auto& [channel, asset] : wanted_) {
    if (channel != "heartbeat") continue;
    send(R"({"type":"heartbeat","last_trade_id":)" + std::to_string(products_[asset].last_trade_id) +
         R"(,"product_id":")" + products_[asset].name + R"(","sequence":0,"time":")" + format_rfc3339(now_ns) + "\"}");
  }
}

}  // namespace tapeline::feeds::simulator
