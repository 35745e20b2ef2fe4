// Answers /v8/finance/chart/{symbol} as Yahoo Finance does.
//
// Output    Prices are float32 widened to double; the last element is a live point off the grid, with volume 0.
//           Without data there is no "timestamp" and the quote is [{}].
// Failure   404 unknown symbol, 400 bad interval or range, 422 a window that 1 minute bars do not have.
#pragma once

#include <string_view>

#include "core/base/time.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/request.hpp"

namespace tapeline::feeds::simulator {

[[nodiscard]] HttpReply answer_yahoo_chart(const Market& market, std::string_view symbol, const Target& target,
                                           Nanos now_ns);

}  // namespace tapeline::feeds::simulator
