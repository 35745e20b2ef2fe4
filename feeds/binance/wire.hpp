// Reads Binance spot market streams: one message a frame, combined ({"stream":…,"data":{…}}) or raw.
//
// Input     Frame::context is empty: the symbol stands in the message.
// Output    A trade is one tick: native symbol as the message writes it ("BTCUSDT"), event time `T` (milliseconds, or
//           microseconds where the stream was asked for them), trade id `t`, side of the taker (`m` true: the seller).
//           Any other well-formed message is `ignored` by its kind: its `e`, or "bookTicker", "snapshot",
//           "subscribed".
// Failure   {"code":…,"msg":…} is a refusal (refused_permanent). Anything else is a reject.
// Cost      One pass over the message, no allocation; trades of the usual shape by wire_trade_scan, all else by simdjson.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::binance {

inline constexpr SourceCode code{4};

inline constexpr Channel combined = 1;

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

/// Whether a message is an error reply; Reason::none when it is not.
/// Precondition: the payload is followed by frame_padding_bytes readable bytes.
[[nodiscard]] Reason refusal_of(const Frame& frame);

}  // namespace tapeline::feeds::binance
