// Answers /api/v3/simple/price and /api/v3/coins/markets as CoinGecko does.
//
// Output    Integers where a price is whole, exponents below 1e-4, last_updated_at in seconds.
// Failure   A missing parameter is 422 {"error":…}; an unknown id is left out, an unknown currency gives an empty
// object.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/time.hpp"
#include "feeds/simulator/market.hpp"
#include "feeds/simulator/request.hpp"

namespace tapeline::feeds::simulator {

[[nodiscard]] HttpReply answer_simple_price(const Market& market, const Target& target, Nanos now_ns);
[[nodiscard]] HttpReply answer_coins_markets(const Market& market, const Target& target, Nanos now_ns);

/// {"error":"coin not found"}
[[nodiscard]] HttpReply coingecko_error(unsigned status, std::string_view text);
/// Units of a currency for one dollar; nullopt: unknown.
[[nodiscard]] std::optional<double> coingecko_rate(std::string_view code);

}  // namespace tapeline::feeds::simulator
