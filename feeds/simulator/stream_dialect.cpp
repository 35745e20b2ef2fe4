#include "feeds/simulator/stream_dialect.hpp"

#include "feeds/simulator/binance_dialect.hpp"
#include "feeds/simulator/coinbase_dialect.hpp"
#include "feeds/simulator/kraken_dialect.hpp"
#include "feeds/simulator/yahoo_dialect.hpp"

namespace tapeline::feeds::simulator {

std::unique_ptr<StreamDialect> make_dialect(const Target& target, const Market& market, const TradeTape& tape) {
  if (target.path == "/stream" || target.path == "/ws" || target.path.starts_with("/ws/")) {
    return std::make_unique<BinanceDialect>(target, market, tape);
  }
  if (target.path == "/v2") return std::make_unique<KrakenDialect>(market, tape);
  if (target.path == "/" && target.get("version") == "2") return std::make_unique<YahooDialect>(market);
  if (target.path == "/") return std::make_unique<CoinbaseDialect>(market, tape);
  return nullptr;
}

}  // namespace tapeline::feeds::simulator
