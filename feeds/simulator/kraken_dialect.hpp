// Kraken WebSocket v2 over one connection: trade, ticker, heartbeat, ping.
#pragma once

#include <deque>
#include <set>

#include "feeds/simulator/stream_dialect.hpp"

namespace tapeline::feeds::simulator {

class KrakenDialect final : public StreamDialect {
 public:
  KrakenDialect(const Market& market, const TradeTape& tape);
  void greet(const Send& send) override;
  void answer(std::string_view request, const Send& send) override;
  void tell(const Trade& trade, const Send& send) override;
  void beat(Nanos now_ns, const Send& send) override;

 private:
  const Market& market_;
  const TradeTape& tape_;
  std::vector<std::string> names_;                        // by asset: "BTC/USD"; empty: not traded here
  std::set<std::pair<std::string, std::size_t>> wanted_;  // channel and asset
  bool has_told_ = false;                                 // since the last beat
};

}  // namespace tapeline::feeds::simulator
