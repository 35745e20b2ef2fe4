#include "feeds/simulator/yahoo_dialect.hpp"

#include <algorithm>
#include <bit>

#include <simdjson.h>

#include "feeds/simulator/text.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr Nanos pause_ns = nanos_per_second;  // between two snapshots of a symbol

/// The wire format of protobuf, field by field; written out here so that the feed's reader has another judge than itself.
class ProtobufWriter {
 public:
  void text(unsigned field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    out_.append(value);
  }
  void single(unsigned field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) out_.push_back(static_cast<char>(bits >> shift & 0xFF));
  }
  void integer(unsigned field, std::uint64_t value) {
    key(field, 0);
    varint(value);
  }
  /// sint64: zigzag.
  void signed_integer(unsigned field, std::int64_t value) {
    integer(field, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  [[nodiscard]] const std::string& bytes() const noexcept { return out_; }

 private:
  void key(unsigned field, unsigned type) { varint(field << 3 | type); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }

  std::string out_;
};

/// The numbers are Yahoo's.
std::string snapshot(std::string_view name, const Asset& asset, const Trade& trade) {
  constexpr std::uint64_t cryptocurrency = 41;
  constexpr std::uint64_t regular_hours = 1;
  ProtobufWriter writer;
  writer.text(1, name);
  writer.single(2, static_cast<float>(asset.to_price(trade.price_ticks)));
  writer.signed_integer(3, trade.event_ns / nanos_per_millisecond);
  writer.text(4, "USD");
  writer.text(5, "CCC");
  writer.integer(6, cryptocurrency);
  writer.integer(7, regular_hours);
  writer.signed_integer(27, std::max(2, asset.spec().price_decimals));
  return writer.bytes();
}

}  // namespace

YahooDialect::YahooDialect(const Market& market) : market_(market) {
  for (const Asset& asset : market.assets()) symbols_.push_back({yahoo_name(asset.spec()), false, {}});
}

void YahooDialect::answer(std::string_view request, const Send&) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(request.data(), request.size()).get(root) != simdjson::SUCCESS) return;
  for (const bool is_wanted : {true, false}) {
    simdjson::dom::array names;
    if (root[is_wanted ? "subscribe" : "unsubscribe"].get(names) != simdjson::SUCCESS) continue;
    for (const simdjson::dom::element element : names) {
      std::string_view name;
      if (element.get(name) != simdjson::SUCCESS) continue;
      for (Symbol& symbol : symbols_) {
        if (symbol.name == name) symbol.is_wanted = is_wanted;
      }
    }
  }
}

void YahooDialect::tell(const Trade& trade, const Send& send) {
  Symbol& symbol = symbols_[trade.asset];
  if (!symbol.is_wanted || (symbol.told_ns && trade.event_ns - *symbol.told_ns < pause_ns)) return;
  symbol.told_ns = trade.event_ns;
  send(R"({"type":"pricing","message":")" + base64_of(snapshot(symbol.name, market_.assets()[trade.asset], trade)) +
       R"("})");
}

}  // namespace tapeline::feeds::simulator
