#include "feeds/simulator/trade_history.hpp"

#include <algorithm>

#include <simdjson.h>

#include "feeds/simulator/trade_texts.hpp"

namespace tapeline::feeds::simulator {
namespace {

std::string text_of(simdjson::dom::element element) {
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(element);
}

/// A number as it stands would be needed; Kraken's come as numbers, and a shortest print of them is exact enough here.
bool read(simdjson::dom::element message, const char* key, std::string& to) {
  simdjson::dom::element value;
  if (message[key].get(value) != simdjson::SUCCESS) return false;
  to = text_of(value);
  return true;
}

bool is_named(const SymbolSpec& spec, std::string_view symbol) {
  return !symbol.empty() && (binance_name(spec) == symbol || coinbase_name(spec) == symbol ||
                             kraken_name(spec) == symbol || kraken_rest_name(spec) == symbol);
}

}  // namespace

TradeHistory::TradeHistory(const Market& market, const TradeTape& tape)
    : market_(market), tape_(tape), by_asset_(market.assets().size()) {}

void TradeHistory::add(const Trade& trade) {
  std::deque<Trade>& trades = by_asset_[trade.asset];
  if (trades.size() == trades_max) trades.pop_front();
  trades.push_back(trade);
}

void TradeHistory::keep(List& list, ToldTrade trade) {
  const auto at = std::lower_bound(list.begin(), list.end(), trade.id,
                                   [](const ToldTrade& held, std::uint64_t id) { return held.id < id; });
  if (at != list.end() && at->id == trade.id) return;
  list.insert(at, std::move(trade));
  if (list.size() > trades_max) list.pop_front();
}

void TradeHistory::add_recorded(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element message;
  if (parser.parse(text.data(), text.size()).get(message) != simdjson::SUCCESS) return;
  simdjson::dom::element inner;
  if (message["data"].get(inner) == simdjson::SUCCESS && inner.is_object()) message = inner;
  std::string kind;
  std::string symbol;
  std::string id;
  std::string time;
  ToldTrade trade;
  const auto take = [&] {
    trade.id = std::strtoull(id.c_str(), nullptr, 10);
    keep(recorded_[symbol], trade);
  };
  if (read(message, "e", kind) && kind == "trade") {
    bool is_maker = false;
    if (!read(message, "s", symbol) || !read(message, "t", id) || !read(message, "p", trade.price) ||
        !read(message, "q", trade.quantity) || !read(message, "T", time) ||
        message["m"].get(is_maker) != simdjson::SUCCESS) {
      return;
    }
    trade.event_ns = std::strtoll(time.c_str(), nullptr, 10) * nanos_per_millisecond;
    trade.taker = is_maker ? TakerSide::sell : TakerSide::buy;
    take();
  } else if (read(message, "type", kind) && (kind == "match" || kind == "last_match")) {
    std::string side;
    if (!read(message, "product_id", symbol) || !read(message, "trade_id", id) ||
        !read(message, "price", trade.price) || !read(message, "size", trade.quantity) ||
        !read(message, "time", time) || !read(message, "side", side)) {
      return;
    }
    trade.event_ns = parse_utc(time).value_or(0);
    trade.taker = side == "sell" ? TakerSide::buy : TakerSide::sell;
    take();
  } else if (read(message, "channel", kind) && kind == "trade") {
    simdjson::dom::array items;
    if (message["data"].get(items) != simdjson::SUCCESS) return;
    for (const simdjson::dom::element item : items) {
      std::string side;
      if (!read(item, "symbol", symbol) || !read(item, "trade_id", id) || !read(item, "price", trade.price) ||
          !read(item, "qty", trade.quantity) || !read(item, "timestamp", time) || !read(item, "side", side)) {
        continue;
      }
      trade.event_ns = parse_utc(time).value_or(0);
      trade.taker = side == "sell" ? TakerSide::sell : TakerSide::buy;
      take();
    }
  }
}

const TradeHistory::List* TradeHistory::find(std::string_view symbol) const {
  if (const auto found = recorded_.find(symbol); found != recorded_.end()) return &found->second;
  for (std::size_t asset = 0; asset < by_asset_.size(); ++asset) {
    if (!is_named(market_.assets()[asset].spec(), symbol)) continue;
    told_.clear();
    for (const Trade& trade : by_asset_[asset]) {
      TradeTexts texts = texts_of_trade(market_, tape_, trade);
      told_.push_back({trade.id, trade.event_ns, std::move(texts.price), std::move(texts.quantity), trade.taker});
    }
    return &told_;
  }
  return nullptr;
}

std::optional<std::vector<ToldTrade>> TradeHistory::from(std::string_view symbol, std::uint64_t first,
                                                         std::size_t count) const {
  const List* list = find(symbol);
  if (list == nullptr) return std::nullopt;
  std::vector<ToldTrade> answer;
  for (const ToldTrade& trade : *list) {
    if (trade.id >= first && answer.size() < count) answer.push_back(trade);
  }
  return answer;
}

std::optional<std::vector<ToldTrade>> TradeHistory::before(std::string_view symbol, std::uint64_t end,
                                                           std::size_t count) const {
  const List* list = find(symbol);
  if (list == nullptr) return std::nullopt;
  std::vector<ToldTrade> answer;
  for (auto trade = list->rbegin(); trade != list->rend() && answer.size() < count; ++trade) {
    if (trade->id < end) answer.push_back(*trade);
  }
  std::reverse(answer.begin(), answer.end());
  return answer;
}

std::optional<std::vector<ToldTrade>> TradeHistory::since(std::string_view symbol, Nanos since_ns,
                                                          std::size_t count) const {
  const List* list = find(symbol);
  if (list == nullptr) return std::nullopt;
  std::vector<ToldTrade> answer;
  for (const ToldTrade& trade : *list) {
    if (trade.event_ns > since_ns && answer.size() < count) answer.push_back(trade);
  }
  return answer;
}

}  // namespace tapeline::feeds::simulator
