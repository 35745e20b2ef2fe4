#include "feeds/simulator/trade_texts.hpp"

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {

TradeTexts texts_of_trade(const Market& market, const TradeTape& tape, const Trade& trade) {
  const int decimals = market.assets()[trade.asset].spec().price_decimals;
  const int digits = tape.quantity_decimals(trade.asset);
  TradeTexts texts;
  append_fixed(texts.price, trade.price_ticks, decimals, decimals);
  append_fixed(texts.bid, trade.bid_ticks, decimals, decimals);
  append_fixed(texts.ask, trade.ask_ticks, decimals, decimals);
  append_fixed(texts.quantity, trade.quantity_units, digits, 8);
  return texts;
}

std::string format_rfc3339(Nanos time_ns) {
  const Nanos us = time_ns / nanos_per_microsecond;
  const std::string seconds = format_utc(us / 1'000'000 * nanos_per_second);  // "…:50Z"
  std::string fraction = std::to_string(us % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return seconds.substr(0, seconds.size() - 1) + '.' + fraction + 'Z';
}

}  // namespace tapeline::feeds::simulator
