// Reads Binance spot market streams: one message a frame, combined ({"stream":…,"data":{…}}) or raw;
// and the trades of its REST interface.
//
// Input     combined: Frame::context is empty, the symbol stands in the message. historical_trades, aggregate_trades:
//           answers of /api/v3/historicalTrades and /api/v3/aggTrades, oldest first; Frame::context is what was asked for
//           (wire_backfill.hpp).
// Output    A trade is one tick: native symbol as the message writes it ("BTCUSDT"), event time `T` (milliseconds, or
//           microseconds where the stream was asked for them), trade id `t`, side of the taker (`m` true: the seller).
//           An aggTrade is one tick too, with its own count of ids, `a`: a symbol is listened to by one of the two.
//           A kline is a bar of the source, provisional until `x` says that it is over. A bookTicker is a quote.
//           Any other well-formed message is `ignored` by its kind: its `e`, or "snapshot", "subscribed".
// Failure   {"code":…,"msg":…} is a refusal. Anything else is a reject.
// Cost      One pass over the message, no allocation; trades of the usual shape by wire_trade_scan, all else by simdjson.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::binance {

inline constexpr SourceCode code{4};

inline constexpr Channel combined = 1;
inline constexpr Channel historical_trades = 2;
inline constexpr Channel aggregate_trades = 3;

class Parser final : public WireParser {
 public:
  Parser();
  ~Parser() override;
  void parse(const Frame& frame, WireOutput& output) noexcept override;

  /// The same without the fast path of trades: what that is compared with.
  friend void parse_as_json(Parser& parser, const Frame& frame, WireOutput& output) noexcept;

 private:
  class Reader;  // keeps simdjson out of this header
  std::unique_ptr<Reader> reader_;
};

void parse_as_json(Parser& parser, const Frame& frame, WireOutput& output) noexcept;

}  // namespace tapeline::feeds::binance
