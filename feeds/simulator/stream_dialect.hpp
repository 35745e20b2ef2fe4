// How one exchange speaks over a WebSocket: the state of one connection, and the messages that it gives rise to.
//
// Failure   Nonsense gets the exchange's own error messages.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/request.hpp"
#include "feeds/simulator/trade_tape.hpp"

namespace tapeline::feeds::simulator {

class StreamDialect {
 public:
  using Send = std::function<void(std::string_view message)>;

  virtual ~StreamDialect() = default;
  /// Once the connection is open.
  virtual void greet(const Send&) {}
  /// To one text message of the client.
  virtual void answer(std::string_view request, const Send& send) = 0;
  /// What this connection listens to of a trade.
  virtual void tell(const Trade& trade, const Send& send) = 0;
  /// Once a second.
  virtual void beat(Nanos, const Send&) {}
  /// The connection is about to be closed, if the exchange says so.
  virtual void announce_end(Nanos, const Send&) {}
};

/// By the path that a client connects to: "/stream" and "/ws" of Binance, "/v2" of Kraken, "/?version=2" of Yahoo, "/" of
/// Coinbase; null where no WebSocket lives.
[[nodiscard]] std::unique_ptr<StreamDialect> make_dialect(const Target& target, const Market& market,
                                                          const TradeTape& tape);

}  // namespace tapeline::feeds::simulator
