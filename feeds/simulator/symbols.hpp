// What is traded on the simulated market, and what each source calls it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tapeline::feeds::simulator {

enum class AssetKind { crypto, equity };

/// When an asset trades: around the clock, or 09:30 to 16:00 New York on weekdays (holidays are not known).
enum class Session { always, new_york };

struct SymbolSpec {
  std::string name;  // "BTC", "AAPL"
  AssetKind kind = AssetKind::crypto;
  double start_price = 100;
  int price_decimals = 2;  // the tick is 10^-price_decimals
  double weight = 1;       // share of the trade messages; only crypto assets are streamed
};

/// BTC, ETH, SOL, DOGE; AAPL, GOOGL, IBM, MSFT.
[[nodiscard]] std::vector<SymbolSpec> demo_symbols();

/// "NAME:crypto|equity:PRICE:DECIMALS[:WEIGHT]"; throws std::invalid_argument with what is wrong.
[[nodiscard]] SymbolSpec parse_symbol(std::string_view text);

/// Throws std::invalid_argument for a name, price, tick or weight that no market has.
void validate(const SymbolSpec& spec);

/// The name at each source; empty where the asset is not listed.
[[nodiscard]] std::string binance_name(const SymbolSpec& spec);        // "BTCUSDT"
[[nodiscard]] std::string coinbase_name(const SymbolSpec& spec);       // "BTC-USD"
[[nodiscard]] std::string kraken_name(const SymbolSpec& spec);         // "BTC/USD"
[[nodiscard]] std::string kraken_rest_name(const SymbolSpec& spec);    // "XBTUSD"
[[nodiscard]] std::string coingecko_id(const SymbolSpec& spec);        // "bitcoin"
[[nodiscard]] std::string yahoo_name(const SymbolSpec& spec);          // "BTC-USD", "AAPL"
[[nodiscard]] std::string alpha_vantage_name(const SymbolSpec& spec);  // "IBM"
/// What people call it: "Bitcoin", "Apple Inc."; the name itself where nothing is known.
[[nodiscard]] std::string display_name(const SymbolSpec& spec);

}  // namespace tapeline::feeds::simulator
