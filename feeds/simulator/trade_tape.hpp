// The trades of the simulated exchange: an open loop at a chosen rate that waits for nobody.
//
// Ordering  Event times ascend; the ids of one asset are contiguous.
// Input     Seed, rate and start time decide everything. Each of the `rate` slots of a second has one trade at a random
//           moment of it: irregular like a market, and still exactly `rate` messages a second.
// Cost      About 100 ns a trade, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/time.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/random.hpp"

namespace tapeline::feeds::simulator {

enum class TakerSide : std::uint8_t { buy, sell };

struct Trade {
  std::size_t asset = 0;  // index in Market::assets()
  std::uint64_t id = 0;
  Nanos event_ns = 0;  // when it is meant to be sent
  std::int64_t price_ticks = 0;
  std::int64_t quantity_units = 0;  // of 10^-quantity_decimals
  TakerSide taker = TakerSide::buy;
  std::int64_t bid_ticks = 0;  // the top of the book after the trade
  std::int64_t ask_ticks = 0;
};

struct TapeOptions {
  std::uint64_t seed = 1;
  double rate = 200;  // trades per second over all assets
  Nanos start_ns = 0;
};

class TradeTape {
 public:
  /// Throws std::invalid_argument for an impossible rate. A market without crypto assets has no trades.
  TradeTape(Market& market, const TapeOptions& options);

  [[nodiscard]] bool has_trades() const noexcept { return !streamed_.empty(); }
  /// When the next trade happens. Precondition: has_trades().
  [[nodiscard]] Nanos next_event_ns() const noexcept { return next_event_ns_; }
  /// Takes the next trade; advances its asset to that time.
  Trade next() noexcept;

  /// Digits after the point of the quantities of an asset.
  [[nodiscard]] int quantity_decimals(std::size_t asset) const noexcept;

 private:
  struct Streamed {
    std::size_t asset = 0;
    double weight_end = 0;  // cumulated share, the last one is 1
    int quantity_decimals = 0;
    double units_per_price = 0;  // quantity units that an average trade has, times the price
    std::uint64_t next_id = 0;
    TakerSide taker = TakerSide::buy;
  };

  [[nodiscard]] Streamed& pick() noexcept;
  void schedule() noexcept;

  Market& market_;
  std::vector<Streamed> streamed_;
  Random random_;
  Nanos start_ns_;
  double slot_ns_;
  std::uint64_t slot_ = 0;
  Nanos next_event_ns_ = 0;
};

}  // namespace tapeline::feeds::simulator
