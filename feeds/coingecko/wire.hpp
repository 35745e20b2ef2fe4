// Reads CoinGecko bodies: /simple/price and /coins/markets; /market_chart and /ohlc by wire_history.hpp.
//
// Input     Frame::context is what was asked for: of simple_price the vs_currencies, separated by commas ("usd,eur");
//           of coins_markets the one vs_currency ("usd"). An empty context of simple_price takes every currency found.
// Output    One tick per coin and currency, native symbol "<coin id>/<currency>" ("bitcoin/usd"). Its size is zero:
//           the volume of 24 hours is no trade. Stamped with last_updated_at or last_updated; with the time of receipt
//           where the source gives neither.
// Failure   A coin without a price in a currency that was asked for is a reject (no_data) of that symbol. An error in
//           any of the five shapes is a refusal, an empty body a refusal (no_data). A body that is not whole gives one
//           reject and none of its prices.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::coingecko {

inline constexpr SourceCode code{2};

inline constexpr Channel simple_price = 1;
inline constexpr Channel coins_markets = 2;
inline constexpr Channel market_chart = 3;
inline constexpr Channel ohlc = 4;

class Parser final : public WireParser {
 public:
  Parser();
  ~Parser() override;
  void parse(const Frame& frame, WireOutput& output) noexcept override;

 private:
  class Reader;  // keeps simdjson out of this header
  std::unique_ptr<Reader> reader_;
};

}  // namespace tapeline::feeds::coingecko
