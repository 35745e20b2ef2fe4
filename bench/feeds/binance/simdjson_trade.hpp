// simdjson on demand as its documentation shows it: the fields by name, in the order of the message, numbers as doubles;
// nothing is validated beyond what is asked for.
#pragma once

#include <simdjson.h>

#include "bench/feeds/binance/scenario.hpp"

namespace tapeline::bench::binance {

class PlainSimdjson {
 public:
  [[nodiscard]] Trade read(const Frame& frame) {
    auto document =
        parser_.iterate(frame.payload.data(), frame.payload.size(), frame.payload.size() + simdjson::SIMDJSON_PADDING);
    auto data = document["data"];
    Trade trade{};
    trade.symbol = data["s"];
    trade.id = data["t"];
    trade.price = data["p"].get_double_in_string();
    trade.size = data["q"].get_double_in_string();
    trade.time_ms = data["T"];
    trade.is_maker = data["m"];
    return trade;
  }

 private:
  simdjson::ondemand::parser parser_;
};

}  // namespace tapeline::bench::binance
