// Reads Yahoo Finance v8 chart bodies; messages of the streamer by wire_streamer.hpp.
//
// Input     Frame::context is the native symbol and the seconds of a bar ("AAPL 60"). Where it is empty, the symbol
//           and the granularity that the body's meta names are taken.
// Output    source_bars in the order of the body, each stamped with its start. Prices are the decimals that the
//           source meant: without the noise of float32 (wire_price.hpp). A null volume is zero.
//           event_provisional: the last element where it lies off the grid of the others or carries the time of the
//           last trade (it is that trade), and any bar that had not ended when it was received.
//           event_backfilled: see mark_backfilled().
// Failure   A row without any price is a reject (no_data) with its time. Error bodies, bare text and HTML are
//           refusals, an absent list of timestamps is a refusal (no_data). A body that is not whole gives one reject
//           and no bars.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::yahoo {

inline constexpr SourceCode code{3};

inline constexpr Channel chart = 1;
inline constexpr Channel streamer = 2;

class Parser final : public WireParser {
 public:
  Parser();
  ~Parser() override;
  void parse(const Frame& frame, WireOutput& output) noexcept override;

 private:
  class Reader;  // keeps simdjson out of this header
  std::unique_ptr<Reader> reader_;
};

}  // namespace tapeline::feeds::yahoo
