// Reads Yahoo Finance v8 chart bodies.
//
// Input     Frame::context is the native symbol and the seconds of a bar ("AAPL 60"). Where it is empty, the symbol
//           and the granularity that the body's meta names are taken.
// Output    source_bars in the order of the body, each stamped with its start. Prices are exactly the decimals that
//           the body writes (float32 widened to double: 75.0875015258789); only one with more than 18 significant
//           digits is replaced by the shortest decimal of its float32, and rejected where it is none. A null volume is
//           zero.
//           event_provisional: the last element where it lies off the grid of the others or carries the time of the
//           last trade (it is that trade), and any bar that had not ended when it was received.
// Failure   A row without any price is a reject (no_data) with its time. Error bodies, bare text and HTML are
//           refusals, an absent list of timestamps is a refusal (no_data). A body that is not whole gives one reject
//           and no bars.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::yahoo {

inline constexpr SourceCode code{3};

inline constexpr Channel chart = 1;

class Parser final : public WireParser {
 public:
  Parser();
  ~Parser() override;
  void parse(const Frame& frame, WireOutput& output) noexcept override;

 private:
  class Reader;  // keeps simdjson out of this header
  std::unique_ptr<Reader> reader_;
};

/// Why a response holds no data, for the pace of the next request; Reason::none when it holds some.
/// Precondition: the payload is followed by frame_padding_bytes readable bytes.
[[nodiscard]] Reason refusal_of(const Frame& frame);

}  // namespace tapeline::feeds::yahoo
