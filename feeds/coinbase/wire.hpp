// Reads Coinbase Exchange: messages of the WebSocket feed, and trades from REST.
//
// Input     stream: Frame::context is empty, the symbol stands in the message. trades: an answer of /products/X/trades,
//           newest first; Frame::context is what was asked for (wire_backfill.hpp).
// Output    match and last_match are ticks: native symbol ("BTC-USD"), trade_id, and the side of the *taker*: Coinbase
//           writes the maker's, here and in REST (only in ticker messages it is the taker's). Trades from REST come
//           oldest first, as backfilled. A ticker is a quote. Any other well-formed message is `ignored` by its type.
// Failure   {"type":"error",…} and an answer {"message":…} are refusals, with the symbol where the words name one.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::coinbase {

inline constexpr SourceCode code{5};

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

}  // namespace tapeline::feeds::coinbase
