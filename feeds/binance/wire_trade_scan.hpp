// Reads a trade message of exactly the shape that Binance sends, without a JSON parser; anything else is left to it.
//
// Input     {"stream":"…","data":{"e":"trade","E":…,"s":"…","t":…,"p":"…","q":"…","T":…,"m":…,"M":…}}, or the inner
//           object alone; no white space, no other field, no escape, no unusual number.
// Output    the tick that the JSON path gives for the same bytes; false or nullopt on any surprise.
// Cost      one pass, eight characters at a time, no allocation.
// Checked   tests/unit/feeds/binance/trade_scan_test: agrees with the JSON path on mutated messages.
#pragma once

#include <optional>
#include <string_view>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::binance {

/// Fills `tick`, which is as constructed; after false it holds anything.
/// Precondition: the payload is followed by frame_padding_bytes readable bytes.
[[nodiscard]] bool scan_trade(std::string_view payload, WireEvent& tick) noexcept;
[[nodiscard]] std::optional<WireEvent> scan_trade(std::string_view payload) noexcept;

}  // namespace tapeline::feeds::binance
