#include "feeds/simulator/binance_dialect.hpp"

namespace tapeline::feeds::simulator {

BinanceDialect::BinanceDialect(const Target& target, const Market& market, const TradeTape& tape)
    : streams_(market), writer_(market, tape), is_raw_(target.path.starts_with("/ws")) {
  constexpr std::string_view raw_path = "/ws/";
  if (target.get("timeUnit") == "MICROSECOND" || target.get("timeUnit") == "microsecond") {
    time_unit_ = TimeUnit::microsecond;
  }
  const std::string_view names = !is_raw_ ? target.get("streams")
                                 : target.path.size() > raw_path.size()
                                     ? std::string_view(target.path).substr(raw_path.size())
                                     : std::string_view();
  for (const std::string& stream : split(names, '/')) streams_.subscribe(stream);
}

void BinanceDialect::answer(std::string_view request, const Send& send) { send(streams_.answer(request)); }

void BinanceDialect::deliver(const Send& send) const {
  send(is_raw_ ? BinanceWriter::raw_of(text_) : std::string_view(text_));
}

void BinanceDialect::tell(const Trade& trade, const Send& send) {
  if (streams_.wants(StreamKind::trade, trade.asset)) {
    writer_.write_trade(trade, time_unit_, text_);
    deliver(send);
  }
  if (streams_.wants(StreamKind::aggregate_trade, trade.asset)) {
    writer_.write_aggregate_trade(trade, time_unit_, text_);
    deliver(send);
  }
  if (streams_.wants(StreamKind::book_ticker, trade.asset)) {
    writer_.write_book_ticker(trade, text_);
    deliver(send);
  }
  if (streams_.wants(StreamKind::kline, trade.asset)) {
    for (const bool is_over : {true, false}) {
      if (writer_.write_kline(trade, is_over, text_)) deliver(send);
    }
  }
}

void BinanceDialect::announce_end(Nanos now_ns, const Send& send) {
  const std::string event = R"({"e":"serverShutdown","E":)" + std::to_string(now_ns / nanos_per_millisecond) + "}";
  send(is_raw_ ? event : R"({"stream":"!serverShutdown","data":)" + event + "}");
}

}  // namespace tapeline::feeds::simulator
