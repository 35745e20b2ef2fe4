#include "feeds/simulator/kraken_dialect.hpp"

#include <algorithm>

#include <simdjson.h>

#include "feeds/simulator/text.hpp"
#include "feeds/simulator/trade_texts.hpp"

namespace tapeline::feeds::simulator {

KrakenDialect::KrakenDialect(const Market& market, const TradeTape& tape) : market_(market), tape_(tape) {
  for (const Asset& asset : market.assets()) names_.push_back(kraken_name(asset.spec()));
}

void KrakenDialect::greet(const Send& send) {
  send(R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2",)"
       R"("connection_id":12072546403441331453}]})");
}

void KrakenDialect::answer(std::string_view request, const Send& send) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view method;
  if (parser.parse(request.data(), request.size()).get(root) != simdjson::SUCCESS ||
      root["method"].get(method) != simdjson::SUCCESS) {
    return send(R"({"error":"Malformed request","success":false})");
  }
  std::string id;
  simdjson::dom::element id_element;
  if (root["req_id"].get(id_element) == simdjson::SUCCESS) {
    id = R"(,"req_id":)" + std::string(simdjson::minify(id_element));
  }
  if (method == "ping") return send(R"({"method":"pong")" + id + "}");
  std::string_view channel;
  simdjson::dom::array symbols;
  if ((method != "subscribe" && method != "unsubscribe") ||
      root["params"]["channel"].get(channel) != simdjson::SUCCESS ||
      root["params"]["symbol"].get(symbols) != simdjson::SUCCESS || (channel != "trade" && channel != "ticker")) {
    return send(R"({"error":"Unsupported request","method":")" + std::string(method) + R"(","success":false)" + id +
                "}");
  }
  for (const simdjson::dom::element one : symbols) {
    std::string_view symbol;
    if (one.get(symbol) != simdjson::SUCCESS) continue;
    std::string name;
    append_json_string(name, symbol);
    const auto found = std::find(names_.begin(), names_.end(), symbol);
    if (symbol.empty() || found == names_.end()) {
      send(R"({"error":"Currency pair not supported )" + name.substr(1, name.size() - 2) + R"(","method":")" +
           std::string(method) + "\"" + id + R"(,"success":false,"symbol":)" + name + "}");
      continue;
    }
    const auto asset = static_cast<std::size_t>(found - names_.begin());
    const std::pair<std::string, std::size_t> key{std::string(channel), asset};
    method == "subscribe" ? void(wanted_.insert(key)) : void(wanted_.erase(key));
    send(R"({"method":")" + std::string(method) + "\"" + id + R"(,"result":{"channel":")" + std::string(channel) +
         R"(","symbol":)" + name + R"(},"success":true})");
  }
}

void KrakenDialect::tell(const Trade& trade, const Send& send) {
  const TradeTexts texts = texts_of_trade(market_, tape_, trade);
  const std::string time = format_rfc3339(trade.event_ns);
  if (wanted_.contains({"trade", trade.asset})) {
    has_told_ = true;
    send(R"({"channel":"trade","type":"update","data":[{"symbol":")" + names_[trade.asset] + R"(","side":")" +
         (trade.taker == TakerSide::buy ? "buy" : "sell") + R"(","price":)" + texts.price + R"(,"qty":)" +
         texts.quantity + R"(,"ord_type":"market","trade_id":)" + std::to_string(trade.id) + R"(,"timestamp":")" +
         time + "\"}]}");
  }
  if (wanted_.contains({"ticker", trade.asset})) {
    has_told_ = true;
    send(R"({"channel":"ticker","type":"update","data":[{"symbol":")" + names_[trade.asset] + R"(","bid":)" +
         texts.bid + R"(,"bid_qty":1.5,"ask":)" + texts.ask + R"(,"ask_qty":2.5,"last":)" + texts.price +
         R"(,"timestamp":")" + time + "\"}]}");
  }
}

void KrakenDialect::beat(Nanos, const Send& send) {
  if (!std::exchange(has_told_, false) && !wanted_.empty()) send(R"({"channel":"heartbeat"})");
}

}  // namespace tapeline::feeds::simulator
