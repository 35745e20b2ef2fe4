// Coinbase Exchange over one connection: matches, ticker and heartbeat.
#pragma once

#include <set>

#include "feeds/simulator/stream_dialect.hpp"

namespace tapeline::feeds::simulator {

class CoinbaseDialect final : public StreamDialect {
 public:
  CoinbaseDialect(const Market& market, const TradeTape& tape);
  void answer(std::string_view request, const Send& send) override;
  void tell(const Trade& trade, const Send& send) override;
  void beat(Nanos now_ns, const Send& send) override;

 private:
  struct Product {
    std::string name;  // "BTC-USD"; empty: not traded here
    std::uint64_t last_trade_id = 0;
    std::string last_match;
  };

  [[nodiscard]] std::string subscriptions() const;

  const Market& market_;
  const TradeTape& tape_;
  std::vector<Product> products_;                         // by asset
  std::set<std::pair<std::string, std::size_t>> wanted_;  // channel and asset
  std::string text_;
};

}  // namespace tapeline::feeds::simulator
