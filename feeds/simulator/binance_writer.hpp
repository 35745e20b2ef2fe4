// Writes trades and best prices as Binance spot streams do, combined form:
// {"stream":"btcusdt@trade","data":{"e":"trade","E":…,"s":"BTCUSDT","t":…,"p":"61837.63000000",…}}
//
// Cost      About 50 ns a message: all that does not change is prepared, and the caller's buffer is used again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/trade_tape.hpp"

namespace tapeline::feeds::simulator {

enum class TimeUnit { millisecond, microsecond };

class BinanceWriter {
 public:
  BinanceWriter(const Market& market, const TradeTape& tape);

  /// Replace `out` by the message.
  void write_trade(const Trade& trade, TimeUnit unit, std::string& out) const;
  void write_aggregate_trade(const Trade& trade, TimeUnit unit, std::string& out) const;
  void write_book_ticker(const Trade& trade, std::string& out) const;
  /// The minute that the trade is in, or the one before, once it is over; false: there is none to tell of.
  bool write_kline(const Trade& trade, bool is_over, std::string& out);

  /// What a raw stream (/ws/…) sends of a combined message: the value of its "data".
  [[nodiscard]] static std::string_view raw_of(std::string_view combined) noexcept;

 private:
  struct Minute {
    Nanos start_ns = 0;  // 0: none
    std::int64_t open = 0, high = 0, low = 0, close = 0, volume = 0;
  };
  struct Prepared {
    std::string trade_head;    // up to the event time
    std::string trade_symbol;  // from behind the event time to the id
    std::string book_head;
    std::string book_symbol;
    std::string kline_head;
    std::string symbol;
    int price_decimals = 0;
    int quantity_decimals = 0;
    Minute running, over;
  };

  std::vector<Prepared> prepared_;  // by asset
};

}  // namespace tapeline::feeds::simulator
