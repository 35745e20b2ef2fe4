#include "feeds/simulator/symbols.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace tapeline::feeds::simulator {
namespace {

struct KnownName {
  std::string_view name;
  std::string_view coingecko;
  std::string_view display;
};

constexpr std::array<KnownName, 12> known_names{{
    {"BTC", "bitcoin", "Bitcoin"},
    {"ETH", "ethereum", "Ethereum"},
    {"SOL", "solana", "Solana"},
    {"DOGE", "dogecoin", "Dogecoin"},
    {"ADA", "cardano", "Cardano"},
    {"XRP", "ripple", "XRP"},
    {"SHIB", "shiba-inu", "Shiba Inu"},
    {"AAPL", "", "Apple Inc."},
    {"GOOGL", "", "Alphabet Inc."},
    {"IBM", "", "International Business Machines Corporation"},
    {"MSFT", "", "Microsoft Corporation"},
    {"TSLA", "", "Tesla, Inc."},
}};

const KnownName* known(const SymbolSpec& spec) {
  const auto* found = std::find_if(known_names.begin(), known_names.end(),
                                   [&](const KnownName& entry) { return entry.name == spec.name; });
  return found == known_names.end() ? nullptr : found;
}

[[noreturn]] void refuse(std::string_view what, std::string_view why) {
  throw std::invalid_argument("symbol '" + std::string(what) + "': " + std::string(why));
}

template <class Number>
Number number(std::string_view symbol, std::string_view field, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    std::string why(text);
    refuse(symbol, why.append(" is no ").append(field));
  }
  return value;
}

}  // namespace

std::vector<SymbolSpec> demo_symbols() {
  return {
      {.name = "BTC", .kind = AssetKind::crypto, .start_price = 61837.63, .price_decimals = 2, .weight = 2},
      {.name = "ETH", .kind = AssetKind::crypto, .start_price = 2683.11, .price_decimals = 2, .weight = 1.5},
      {.name = "SOL", .kind = AssetKind::crypto, .start_price = 162.48, .price_decimals = 2},
      {.name = "DOGE", .kind = AssetKind::crypto, .start_price = 0.10642, .price_decimals = 5},
      {.name = "AAPL", .kind = AssetKind::equity, .start_price = 213.31, .price_decimals = 2},
      {.name = "GOOGL", .kind = AssetKind::equity, .start_price = 162.03, .price_decimals = 2},
      {.name = "IBM", .kind = AssetKind::equity, .start_price = 190.45, .price_decimals = 2},
      {.name = "MSFT", .kind = AssetKind::equity, .start_price = 402.69, .price_decimals = 2},
  };
}

SymbolSpec parse_symbol(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::string_view rest = text;;) {
    const std::size_t colon = rest.find(':');
    fields.push_back(rest.substr(0, colon));
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (fields.size() < 4 || fields.size() > 5) refuse(text, "write NAME:crypto|equity:PRICE:DECIMALS[:WEIGHT]");
  SymbolSpec spec;
  spec.name = fields[0];
  if (fields[1] != "crypto" && fields[1] != "equity") refuse(text, "the kind is crypto or equity");
  spec.kind = fields[1] == "crypto" ? AssetKind::crypto : AssetKind::equity;
  spec.start_price = number<double>(text, "price", fields[2]);
  spec.price_decimals = number<int>(text, "number of decimals", fields[3]);
  if (fields.size() == 5) spec.weight = number<double>(text, "weight", fields[4]);
  validate(spec);
  return spec;
}

void validate(const SymbolSpec& spec) {
  const bool plain = !spec.name.empty() && std::all_of(spec.name.begin(), spec.name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
  });
  if (!plain) refuse(spec.name, "a name has upper case letters, digits and dots");
  if (spec.price_decimals < 0 || spec.price_decimals > 8) refuse(spec.name, "0 to 8 price decimals are possible");
  if (spec.kind == AssetKind::equity && spec.price_decimals > 4) refuse(spec.name, "equities have at most 4 decimals");
  const double ticks = spec.start_price * std::pow(10.0, spec.price_decimals);
  if (!(ticks >= 100) || !(ticks <= 1e9)) {
    refuse(spec.name, "the start price must be 100 to 1,000,000,000 ticks; choose other decimals");
  }
  if (!(spec.weight > 0) || !(spec.weight <= 1e6))
    refuse(spec.name, "the weight must be above 0 and at most 1,000,000");
}

std::string binance_name(const SymbolSpec& spec) {
  return spec.kind == AssetKind::crypto ? spec.name + "USDT" : std::string();
}

std::string coinbase_name(const SymbolSpec& spec) {
  return spec.kind == AssetKind::crypto ? spec.name + "-USD" : std::string();
}

std::string kraken_name(const SymbolSpec& spec) {
  return spec.kind == AssetKind::crypto ? spec.name + "/USD" : std::string();
}

std::string kraken_rest_name(const SymbolSpec& spec) {
  if (spec.kind != AssetKind::crypto) return {};
  const std::string name = spec.name == "BTC" ? "XBT" : spec.name == "DOGE" ? "XDG" : spec.name;
  return name + "USD";
}

std::string coingecko_id(const SymbolSpec& spec) {
  if (spec.kind != AssetKind::crypto) return {};
  if (const KnownName* entry = known(spec)) return std::string(entry->coingecko);
  std::string id = spec.name;
  std::transform(id.begin(), id.end(), id.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return id;
}

std::string yahoo_name(const SymbolSpec& spec) {
  return spec.kind == AssetKind::crypto ? spec.name + "-USD" : spec.name;
}

std::string alpha_vantage_name(const SymbolSpec& spec) {
  return spec.kind == AssetKind::equity ? spec.name : std::string();
}

std::string display_name(const SymbolSpec& spec) {
  const KnownName* entry = known(spec);
  return entry != nullptr ? std::string(entry->display) : spec.name;
}

}  // namespace tapeline::feeds::simulator
