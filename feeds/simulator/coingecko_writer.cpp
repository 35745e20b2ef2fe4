#include "feeds/simulator/coingecko_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

struct Currency {
  std::string_view code;
  double per_usd;
};
constexpr std::array<Currency, 6> currencies{
    {{"usd", 1}, {"eur", 0.9231}, {"gbp", 0.7846}, {"jpy", 147.12}, {"krw", 1382.5}, {"chf", 0.8644}}};

const Currency* currency(std::string_view code) {
  const auto* found =
      std::find_if(currencies.begin(), currencies.end(), [&](const Currency& known) { return known.code == code; });
  return found == currencies.end() ? nullptr : found;
}

struct Supply {
  std::string_view name;
  double circulating;
  std::optional<double> maximum;
};
constexpr std::array<Supply, 4> supplies{{{"BTC", 19'736'521, 21e6},
                                          {"ETH", 120'262'913.4, std::nullopt},
                                          {"SOL", 466'012'834.7, std::nullopt},
                                          {"DOGE", 145'389'246'383.7, std::nullopt}}};

Supply supply_of(const SymbolSpec& spec) {
  for (const Supply& supply : supplies) {
    if (supply.name == spec.name) return supply;
  }
  return {.name = spec.name, .circulating = 100e6, .maximum = 1e9};
}

/// Of one coin, in USD.
struct Facts {
  double price = 0;
  double price_day_ago = 0;
  double high = 0;
  double low = 0;
  double turnover = 0;
  double circulating = 0;
  [[nodiscard]] double change() const { return price - price_day_ago; }
  [[nodiscard]] double change_percent() const { return 100 * change() / price_day_ago; }
};

Facts facts_of(const Asset& asset, Nanos now_ns) {
  Facts facts{.price = asset.price(),
              .price_day_ago = asset.to_price(asset.minutes().close_before(now_ns - nanos_per_day)),
              .high = asset.price(),
              .low = asset.price(),
              .turnover = 0,
              .circulating = supply_of(asset.spec()).circulating};
  for (const SourceBar& bar : asset.minutes().between(now_ns - nanos_per_day, now_ns + 1)) {
    facts.high = std::max(facts.high, asset.to_price(bar.high));
    facts.low = std::min(facts.low, asset.to_price(bar.low));
    facts.turnover += bar.volume * asset.to_price(bar.close);
  }
  return facts;
}

/// Digits after the point: what the request's `precision` says, else what the coin's tick has.
struct Precision {
  std::optional<int> digits;
  bool full = false;
};

Precision precision_of(std::string_view text) {
  if (text == "full") return {.digits = std::nullopt, .full = true};
  int digits = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), digits);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size() || digits < 0 || digits > 18)
    return {};
  return {.digits = digits, .full = false};
}

void append_price(std::string& out, double value, const Precision& precision, int tick_decimals) {
  if (precision.full) {
    append_double(out, value);
  } else {
    append_rounded(out, value, std::min(precision.digits.value_or(tick_decimals), 12));
  }
}

/// Opens a member: comma where one is needed, then the key.
void append_key(std::string& out, std::string_view key) {
  if (out.back() != '{' && out.back() != '[') out.push_back(',');
  append_json_string(out, key);
  out.push_back(':');
}

/// "2024-04-07T16:49:31.736Z"
std::string iso_milliseconds(Nanos time_ns) {
  std::string text = format_utc(time_ns - time_ns % nanos_per_second);
  text.pop_back();
  const std::string fraction = std::to_string(1000 + time_ns / nanos_per_millisecond % 1000);
  return text + '.' + fraction.substr(1) + 'Z';
}

void append_market_numbers(std::string& out, const Facts& facts, const Supply& supply, double rate, int decimals) {
  const auto price = [&](std::string_view key, double value, int digits) {
    append_key(out, key);
    append_rounded(out, value, digits);
  };
  const double cap = facts.price * facts.circulating * rate;
  const double cap_change = facts.change() * facts.circulating * rate;
  price("fully_diluted_valuation", facts.price * supply.maximum.value_or(facts.circulating) * rate, 0);
  price("total_volume", facts.turnover * rate, 0);
  price("high_24h", facts.high * rate, decimals);
  price("low_24h", facts.low * rate, decimals);
  price("price_change_24h", facts.change() * rate, decimals + 2);
  price("price_change_percentage_24h", facts.change_percent(), 5);
  price("market_cap_change_24h", cap_change, 0);
  price("market_cap_change_percentage_24h", 100 * cap_change / (cap - cap_change), 5);
  price("circulating_supply", facts.circulating, 1);
  price("total_supply", supply.maximum.value_or(facts.circulating), 1);
  append_key(out, "max_supply");
  if (supply.maximum) {
    append_rounded(out, *supply.maximum, 1);
  } else {
    out += "null";
  }
  price("ath", facts.high * 1.2 * rate, decimals);
  price("ath_change_percentage", 100 * (facts.price / (facts.high * 1.2) - 1), 5);
  out += R"(,"ath_date":"2024-03-14T07:10:36.635Z")";
  price("atl", facts.low * 0.002 * rate, decimals);
  price("atl_change_percentage", 100 * (facts.price / (facts.low * 0.002) - 1), 5);
  out += R"(,"atl_date":"2015-10-20T00:00:00.000Z","roi":null)";
}

void append_market(std::string& out, const Asset& asset, const Currency& quote, std::size_t rank,
                   const Precision& precision, Nanos now_ns) {
  const Facts facts = facts_of(asset, now_ns);
  const std::string id = coingecko_id(asset.spec());
  std::string symbol = asset.spec().name;
  for (char& c : symbol) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (out.back() != '[') out.push_back(',');
  out.push_back('{');
  append_key(out, "id");
  append_json_string(out, id);
  append_key(out, "symbol");
  append_json_string(out, symbol);
  append_key(out, "name");
  append_json_string(out, display_name(asset.spec()));
  append_key(out, "image");
  append_json_string(out, "https://assets.coingecko.com/coins/images/1/large/" + id + ".png?1696501400");
  append_key(out, "current_price");
  append_price(out, facts.price * quote.per_usd, precision, asset.spec().price_decimals);
  append_key(out, "market_cap");
  append_rounded(out, facts.price * facts.circulating * quote.per_usd, 0);
  append_key(out, "market_cap_rank");
  append_integer(out, static_cast<std::uint64_t>(rank));
  append_market_numbers(out, facts, supply_of(asset.spec()), quote.per_usd, asset.spec().price_decimals);
  append_key(out, "last_updated");
  append_json_string(out, iso_milliseconds(asset.price_time_ns()));
  out.push_back('}');
}

std::size_t positive_or(std::string_view text, std::size_t otherwise) {
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} && end == text.data() + text.size() && value > 0 ? value : otherwise;
}

}  // namespace

HttpReply coingecko_error(unsigned status, std::string_view text) {
  std::string body = "{\"error\":";
  append_json_string(body, text);
  body.push_back('}');
  return {.status = status, .body = std::move(body)};
}

std::optional<double> coingecko_rate(std::string_view code) {
  const Currency* const quote = currency(code);
  return quote == nullptr ? std::nullopt : std::optional(quote->per_usd);
}

HttpReply answer_simple_price(const Market& market, const Target& target, Nanos now_ns) {
  if (target.get("ids").empty()) return coingecko_error(422, "Missing parameter ids");
  if (target.get("vs_currencies").empty()) return coingecko_error(422, "Missing parameter vs_currencies");
  const auto asks_for = [&](std::string_view name) { return target.get(name) == "true"; };
  const Precision precision = precision_of(target.get("precision"));
  std::string body = "{";
  for (const std::string& id : split(target.get("ids"), ',')) {
    const Asset* asset = market.find(id, coingecko_id);
    if (asset == nullptr) continue;
    const Facts facts = facts_of(*asset, now_ns);
    append_key(body, id);
    body.push_back('{');
    for (const std::string& code : split(target.get("vs_currencies"), ',')) {
      const Currency* quote = currency(code);
      if (quote == nullptr) continue;
      append_key(body, code);
      append_price(body, facts.price * quote->per_usd, precision, asset->spec().price_decimals);
      const auto add = [&](std::string_view flag, std::string_view suffix, double value) {
        if (!asks_for(flag)) return;
        append_key(body, code + std::string(suffix));
        append_double(body, value);
      };
      add("include_market_cap", "_market_cap", facts.price * facts.circulating * quote->per_usd);
      add("include_24hr_vol", "_24h_vol", facts.turnover * quote->per_usd);
      add("include_24hr_change", "_24h_change", facts.change_percent());
    }
    if (asks_for("include_last_updated_at") && body.back() != '{') {
      append_key(body, "last_updated_at");
      append_integer(body, asset->price_time_ns() / nanos_per_second);
    }
    body.push_back('}');
  }
  body.push_back('}');
  return {.body = std::move(body)};
}

HttpReply answer_coins_markets(const Market& market, const Target& target, Nanos now_ns) {
  if (target.get("vs_currency").empty()) return coingecko_error(422, "Missing parameter vs_currency");
  const Currency* quote = currency(target.get("vs_currency"));
  if (quote == nullptr) return coingecko_error(422, "invalid vs_currency");
  std::vector<const Asset*> ranked;
  for (const Asset& asset : market.assets()) {
    if (!coingecko_id(asset.spec()).empty()) ranked.push_back(&asset);
  }
  const auto cap = [](const Asset* asset) { return asset->price() * supply_of(asset->spec()).circulating; };
  std::stable_sort(ranked.begin(), ranked.end(), [&](const Asset* a, const Asset* b) { return cap(a) > cap(b); });

  const std::vector<std::string> ids = split(target.get("ids"), ',');
  const bool all = target.get("ids").empty();
  const std::size_t per_page = std::min<std::size_t>(250, positive_or(target.get("per_page"), 100));
  const std::size_t skipped = (positive_or(target.get("page"), 1) - 1) * per_page;
  std::string body = "[";
  std::size_t position = 0;
  for (std::size_t rank = 1; rank <= ranked.size(); ++rank) {
    const Asset& asset = *ranked[rank - 1];
    if (!all && std::find(ids.begin(), ids.end(), coingecko_id(asset.spec())) == ids.end()) continue;
    const std::size_t here = position++;
    if (here < skipped || here >= skipped + per_page) continue;
    append_market(body, asset, *quote, rank, precision_of(target.get("precision")), now_ns);
  }
  body.push_back(']');
  return {.body = std::move(body)};
}

}  // namespace tapeline::feeds::simulator
