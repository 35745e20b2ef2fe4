// Reads the histories of CoinGecko: /coins/{id}/market_chart and /coins/{id}/ohlc.
//
// Input     Frame::context is the native symbol ("bitcoin/usd"); of ohlc with the seconds of a candle ("bitcoin/usd 1800").
// Output    market_chart: one tick per point of "prices", ascending, one per time (the source repeats and steps back); all
//           but the newest are event_backfilled. ohlc: source_bars without volume (the source gives none), stamped with
//           their start, though the source stamps their end; one that had not ended when it was received is
//           event_provisional; event_backfilled by mark_backfilled().
// Failure   False where the body is not whole or not of the channel's form; points that cannot be used are rejects.
#pragma once

#include <simdjson.h>

#include "core/stages/wire_parser.hpp"
#include "feeds/wire_fields.hpp"

namespace tapeline::feeds::coingecko {

/// "prices" of a market_chart.
[[nodiscard]] bool read_prices(simdjson::ondemand::value& prices, const Frame& frame, WireText& text,
                               WireOutput& output) noexcept;
[[nodiscard]] bool read_candles(simdjson::ondemand::array candles, const Frame& frame, WireText& text,
                                WireOutput& output) noexcept;

}  // namespace tapeline::feeds::coingecko
