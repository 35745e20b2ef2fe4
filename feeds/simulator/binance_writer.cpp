#include "feeds/simulator/binance_writer.hpp"

#include <algorithm>
#include <utility>

#include "feeds/simulator/binance_streams.hpp"
#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr int shown_decimals = 8;
constexpr std::string_view data_key = R"(","data":)";

}  // namespace

BinanceWriter::BinanceWriter(const Market& market, const TradeTape& tape) {
  for (std::size_t index = 0; index < market.assets().size(); ++index) {
    const SymbolSpec& spec = market.assets()[index].spec();
    const std::string symbol = binance_name(spec);
    Prepared prepared;
    prepared.trade_head = R"({"stream":")" + stream_name(spec, StreamKind::trade) + R"(","data":{"e":"trade","E":)";
    prepared.trade_symbol = R"(,"s":")" + symbol + R"(","t":)";
    prepared.book_head = R"({"stream":")" + stream_name(spec, StreamKind::book_ticker) + R"(","data":{"u":)";
    prepared.book_symbol = R"(,"s":")" + symbol + R"(","b":")";
    prepared.kline_head = R"({"stream":")" + stream_name(spec, StreamKind::kline) + R"(","data":{"e":"kline","E":)";
    prepared.symbol = symbol;
    prepared.price_decimals = spec.price_decimals;
    prepared.quantity_decimals = tape.quantity_decimals(index);
    prepared_.push_back(std::move(prepared));
  }
}

void BinanceWriter::write_trade(const Trade& trade, TimeUnit unit, std::string& out) const {
  const Prepared& prepared = prepared_[trade.asset];
  const Nanos time = trade.event_ns / (unit == TimeUnit::millisecond ? nanos_per_millisecond : nanos_per_microsecond);
  out = prepared.trade_head;
  append_integer(out, time);
  out += prepared.trade_symbol;
  append_integer(out, trade.id);
  out += R"(,"p":")";
  append_fixed(out, trade.price_ticks, prepared.price_decimals, shown_decimals);
  out += R"(","q":")";
  append_fixed(out, trade.quantity_units, prepared.quantity_decimals, shown_decimals);
  out += R"(","T":)";
  append_integer(out, time);
  out += trade.taker == TakerSide::sell ? R"(,"m":true,"M":true}})" : R"(,"m":false,"M":true}})";
}

void BinanceWriter::write_aggregate_trade(const Trade& trade, TimeUnit unit, std::string& out) const {
  write_trade(trade, unit, out);
  const auto replace = [&](std::string_view what, std::string_view with) {
    out.replace(out.find(what), what.size(), with);
  };
  const std::string id = std::to_string(trade.id);
  replace("@trade", "@aggTrade");
  replace(R"("e":"trade")", R"("e":"aggTrade")");
  replace(R"("t":)" + id, R"("a":)" + id);
  replace(R"(,"T":)", R"(,"f":)" + id + R"(,"l":)" + id + R"(,"T":)");
}

bool BinanceWriter::write_kline(const Trade& trade, bool is_over, std::string& out) {
  Prepared& prepared = prepared_[trade.asset];
  constexpr Nanos minute_ns = 60 * nanos_per_second;
  const Nanos start_ns = trade.event_ns - trade.event_ns % minute_ns;
  Minute& running = prepared.running;
  if (is_over) {  // asked for first: the trade begins its minute here
    const Nanos before_ns = running.start_ns;
    if (before_ns != start_ns) {
      prepared.over = running;
      running = {start_ns, trade.price_ticks, trade.price_ticks, trade.price_ticks, trade.price_ticks, 0};
    }
    running.high = std::max(running.high, trade.price_ticks);
    running.low = std::min(running.low, trade.price_ticks);
    running.close = trade.price_ticks;
    running.volume += trade.quantity_units;
    if (before_ns == start_ns || before_ns == 0) return false;
  }
  const Minute& minute = is_over ? prepared.over : running;
  out = prepared.kline_head;
  append_integer(out, trade.event_ns / nanos_per_millisecond);
  out += R"(,"s":")" + prepared.symbol + R"(","k":{"t":)";
  append_integer(out, minute.start_ns / nanos_per_millisecond);
  out += R"(,"T":)";
  append_integer(out, minute.start_ns / nanos_per_millisecond + 59'999);
  out += R"(,"s":")" + prepared.symbol + R"(","i":"1m","f":1,"L":1)";
  for (const auto& [name, value] : {std::pair{"o", minute.open}, std::pair{"c", minute.close},
                                    std::pair{"h", minute.high}, std::pair{"l", minute.low}}) {
    out += std::string(",\"") + name + "\":\"";
    append_fixed(out, value, prepared.price_decimals, shown_decimals);
    out += '"';
  }
  out += R"(,"v":")";
  append_fixed(out, minute.volume, prepared.quantity_decimals, shown_decimals);
  out += is_over ? R"(","n":1,"x":true}}})" : R"(","n":1,"x":false}}})";
  return true;
}

void BinanceWriter::write_book_ticker(const Trade& trade, std::string& out) const {
  const Prepared& prepared = prepared_[trade.asset];
  // Sizes need only look alive: they follow from the trade, without a random number of their own.
  const std::int64_t bid_size = 1 + trade.quantity_units * static_cast<std::int64_t>(1 + trade.id % 7);
  const std::int64_t ask_size = 1 + trade.quantity_units * static_cast<std::int64_t>(1 + trade.id % 5);
  out = prepared.book_head;
  append_integer(out, trade.id * 13);
  out += prepared.book_symbol;
  append_fixed(out, trade.bid_ticks, prepared.price_decimals, shown_decimals);
  out += R"(","B":")";
  append_fixed(out, bid_size, prepared.quantity_decimals, shown_decimals);
  out += R"(","a":")";
  append_fixed(out, trade.ask_ticks, prepared.price_decimals, shown_decimals);
  out += R"(","A":")";
  append_fixed(out, ask_size, prepared.quantity_decimals, shown_decimals);
  out += R"("}})";
}

std::string_view BinanceWriter::raw_of(std::string_view combined) noexcept {
  const std::size_t key = combined.find(data_key);
  if (key == std::string_view::npos) return combined;
  const std::size_t begin = key + data_key.size();
  return combined.substr(begin, combined.size() - begin - 1);
}

}  // namespace tapeline::feeds::simulator
