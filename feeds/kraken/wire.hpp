// Reads Kraken: messages of WebSocket v2, and trades from REST.
//
// Input     stream: Frame::context is empty, symbols stand in the message. trades: an answer of /0/public/Trades, oldest
//           first; Frame::context is what was asked for (wire_backfill.hpp).
// Output    Each trade of a message is a tick: native symbol as WebSocket v2 writes it ("BTC/USD"), trade_id, side of the
//           taker. One message may hold trades of several symbols. Trades from REST come as backfilled. A
//           ticker is a quote. Any other well-formed message is `ignored` by its channel or method.
// Failure   "success":false and "error" are refusals, with the symbol where there is one. Messages of WebSocket v1 (arrays)
//           are rejects: it is not spoken here.
// Numbers   are read as they stand in the text, trailing zeros and exponents included: none passes through a double.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::kraken {

inline constexpr SourceCode code{6};

inline constexpr Channel stream = 1;
inline constexpr Channel trades = 2;

class Parser final : public WireParser {
 public:
  Parser();
  ~Parser() override;
  void parse(const Frame& frame, WireOutput& output) noexcept override;

 private:
  class Reader;  // keeps simdjson out of this header
  std::unique_ptr<Reader> reader_;
};

}  // namespace tapeline::feeds::kraken
