// Binance spot over one connection, combined (/stream?streams=…) or raw (/ws/…).
#pragma once

#include "feeds/simulator/binance_streams.hpp"
#include "feeds/simulator/binance_writer.hpp"
#include "feeds/simulator/stream_dialect.hpp"

namespace tapeline::feeds::simulator {

class BinanceDialect final : public StreamDialect {
 public:
  BinanceDialect(const Target& target, const Market& market, const TradeTape& tape);
  void answer(std::string_view request, const Send& send) override;
  void tell(const Trade& trade, const Send& send) override;
  void announce_end(Nanos now_ns, const Send& send) override;

 private:
  void deliver(const Send& send) const;

  BinanceStreams streams_;
  BinanceWriter writer_;
  bool is_raw_ = false;
  TimeUnit time_unit_ = TimeUnit::millisecond;
  std::string text_;
};

}  // namespace tapeline::feeds::simulator
