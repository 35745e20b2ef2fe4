// Answers /query as Alpha Vantage does: GLOBAL_QUOTE and TIME_SERIES_INTRADAY, JSON (4 spaces, all strings) or CSV
// (CRLF).
//
// Output    New York wall clock, newest first, bars labelled by their start; a bar still open is not shown.
// Failure   Status 200 and a message, as there: any API key is accepted, none is refused.
#pragma once

#include "core/base/time.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/request.hpp"

namespace tapeline::feeds::simulator {

[[nodiscard]] HttpReply answer_alpha_vantage(const Market& market, const Target& target, Nanos now_ns);

}  // namespace tapeline::feeds::simulator
