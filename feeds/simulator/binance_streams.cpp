#include "feeds/simulator/binance_streams.hpp"

#include <algorithm>

#include <simdjson.h>

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string refusal(int code, std::string_view message) {
  return "{\"code\":" + std::to_string(code) + ",\"msg\":\"" + std::string(message) + "\"}";
}

/// The id as the client wrote it: a number, a string or null.
std::string id_of(simdjson::dom::element request) {
  simdjson::dom::element id;
  if (request["id"].get(id) != simdjson::SUCCESS) return "null";
  return simdjson::minify(id);
}

std::vector<std::string> params_of(simdjson::dom::element request) {
  std::vector<std::string> params;
  simdjson::dom::array streams;
  if (request["params"].get(streams) != simdjson::SUCCESS) return params;
  for (const simdjson::dom::element stream : streams) {
    std::string_view name;
    if (stream.get(name) == simdjson::SUCCESS) params.emplace_back(name);
  }
  return params;
}

}  // namespace

std::string stream_name(const SymbolSpec& spec, StreamKind kind) {
  const std::string symbol = lower(binance_name(spec));
  if (symbol.empty()) return {};
  switch (kind) {
    case StreamKind::trade: return symbol + "@trade";
    case StreamKind::aggregate_trade: return symbol + "@aggTrade";
    case StreamKind::book_ticker: return symbol + "@bookTicker";
    case StreamKind::kline: return symbol + "@kline_1m";
  }
  return {};
}

BinanceStreams::BinanceStreams(const Market& market) : wanted_(market.assets().size()) {
  for (const Asset& asset : market.assets()) {
    std::array<std::string, kinds> names;
    for (std::size_t kind = 0; kind < kinds; ++kind) names[kind] = stream_name(asset.spec(), StreamKind(kind));
    names_.push_back(std::move(names));
  }
}

void BinanceStreams::set(std::string_view stream, bool wanted) noexcept {
  for (std::size_t asset = 0; asset < names_.size(); ++asset) {
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      if (names_[asset][kind] == stream) wanted_[asset][kind] = wanted;
    }
  }
}

void BinanceStreams::subscribe(std::string_view stream) {
  if (stream.empty() || std::find(subscribed_.begin(), subscribed_.end(), stream) != subscribed_.end()) return;
  subscribed_.emplace_back(stream);
  set(stream, true);
}

void BinanceStreams::unsubscribe(std::string_view stream) {
  std::erase(subscribed_, stream);
  if (!stream.empty()) set(stream, false);
}

std::string BinanceStreams::answer(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element request;
  if (parser.parse(text.data(), text.size()).get(request) != simdjson::SUCCESS) {
    return refusal(3, "Invalid JSON: expected value at line 1 column 1");
  }
  std::string_view method;
  if (request["method"].get(method) != simdjson::SUCCESS) {
    return refusal(2, "Invalid request: missing field `method` at line 1 column " + std::to_string(text.size()));
  }
  std::string result = "null";
  if (method == "SUBSCRIBE") {
    for (const std::string& stream : params_of(request)) subscribe(stream);
  } else if (method == "UNSUBSCRIBE") {
    for (const std::string& stream : params_of(request)) unsubscribe(stream);
  } else if (method == "LIST_SUBSCRIPTIONS") {
    result = "[";
    for (const std::string& stream : subscribed_) {
      if (result.size() > 1) result.push_back(',');
      append_json_string(result, stream);
    }
    result.push_back(']');
  } else {
    return refusal(2,
                   "Invalid request: unknown variant, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, "
                   "`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 28");
  }
  return "{\"result\":" + result + ",\"id\":" + id_of(request) + "}";
}

}  // namespace tapeline::feeds::simulator
