#include "feeds/binance/wire_trade.hpp"

namespace tapeline::feeds::binance {
namespace {

/// Digits between which milliseconds of our time end and microseconds begin.
constexpr std::size_t microsecond_digits = 16;

}  // namespace

std::optional<Nanos> time_of(std::string_view lexeme) noexcept {
  return epoch_of(lexeme, lexeme.size() >= microsecond_digits ? nanos_per_microsecond : nanos_per_millisecond);
}

std::string_view unquoted(std::string_view token) noexcept {
  if (token.size() >= 2 && token.front() == '"') return token.substr(1, token.size() - 2);
  return token;
}

WireEvent tick_of(const TradeFields& fields, WireText& text) noexcept {
  const auto reject = [&](Nanos event_ns, std::string_view field, std::string_view lexeme, Reason reason) {
    if (is_absent(lexeme)) reason = Reason::missing_field;
    return reject_of(fields.symbol, event_ns, reason, complaint(text, field, reason, lexeme));
  };
  if (fields.symbol.empty()) return reject_of({}, 0, Reason::missing_field, "s (symbol) is missing");
  const auto event_ns = time_of(fields.time);
  if (!event_ns) return reject(0, "T (trade time)", fields.time, Reason::bad_timestamp);
  const CheckedDecimal price = price_of(fields.price);
  if (price.reason != Reason::none) return reject(*event_ns, "p (price)", fields.price, price.reason);
  const CheckedDecimal size = volume_of(fields.quantity);
  if (size.reason != Reason::none) return reject(*event_ns, "q (quantity)", fields.quantity, size.reason);
  // No id is below 0, and none is needed beyond 18 digits: the decimal of an id is the id.
  const CheckedDecimal id = volume_of(fields.id);
  if (id.reason != Reason::none || id.value.exponent != 0) {
    return reject(*event_ns, "t (trade id)", fields.id, Reason::not_a_number);
  }
  WireEvent tick{.kind = EventKind::tick,
                 .symbol = fields.symbol,
                 .event_ns = *event_ns,
                 .price = price.value,
                 .size = size.value,
                 .trade_id = static_cast<std::uint64_t>(id.value.mantissa)};
  if (fields.maker == "true") tick.side = Side::sell;  // the buyer's order was in the book: the taker sold
  if (fields.maker == "false") tick.side = Side::buy;
  return tick;
}

}  // namespace tapeline::feeds::binance
