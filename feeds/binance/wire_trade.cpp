#include "feeds/binance/wire_trade.hpp"

#include "core/base/digits.hpp"

namespace tapeline::feeds::binance {
namespace {

/// Digits between which milliseconds of our time end and microseconds begin.
constexpr std::size_t microsecond_digits = 16;

/// Stamps of this many milliseconds are between 2001 and 2200.
constexpr std::int64_t usual_ms_min = 1'000'000'000'000;
constexpr std::int64_t usual_ms_max = 7'258'118'400'000;

/// False where there is none.
bool read_time(std::string_view lexeme, Nanos& event_ns) noexcept {
  const std::int64_t usual = whole_number(lexeme);
  if (lexeme.size() < microsecond_digits && usual >= usual_ms_min && usual < usual_ms_max) {
    event_ns = usual * nanos_per_millisecond;
    return true;
  }
  const auto time = time_of(lexeme);
  if (time) event_ns = *time;
  return time.has_value();
}

/// No id is below 0, and none is needed beyond 18 digits: the decimal of an id is the id.
bool read_id(std::string_view lexeme, std::uint64_t& id) noexcept {
  if (const std::int64_t usual = whole_number(lexeme); usual >= 0) {
    id = static_cast<std::uint64_t>(usual);
    return true;
  }
  const CheckedDecimal read = volume_of(lexeme);
  id = static_cast<std::uint64_t>(read.value.mantissa);
  return read.reason == Reason::none && read.value.exponent == 0;
}

}  // namespace

std::optional<Nanos> time_of(std::string_view lexeme) noexcept {
  return epoch_of(lexeme, lexeme.size() >= microsecond_digits ? nanos_per_microsecond : nanos_per_millisecond);
}

void read_tick(const TradeFields& fields, WireText& text, WireEvent& event) noexcept {
  const auto reject = [&](Nanos event_ns, std::string_view field, std::string_view lexeme, Reason reason) {
    if (is_absent(lexeme)) reason = Reason::missing_field;
    event = reject_of(fields.symbol, event_ns, reason, complaint(text, field, reason, lexeme));
  };
  if (fields.symbol.empty()) {
    event = reject_of({}, 0, Reason::missing_field, "s (symbol) is missing");
    return;
  }
  if (!read_time(fields.time, event.event_ns)) return reject(0, "T (trade time)", fields.time, Reason::bad_timestamp);
  if (const Reason wrong = read_price(fields.price, event.price); wrong != Reason::none) {
    return reject(event.event_ns, "p (price)", fields.price, wrong);
  }
  if (const Reason wrong = read_volume(fields.quantity, event.size); wrong != Reason::none) {
    return reject(event.event_ns, "q (quantity)", fields.quantity, wrong);
  }
  if (!read_id(fields.id, event.trade_id)) {
    return reject(event.event_ns, "t (trade id)", fields.id, Reason::not_a_number);
  }
  event.kind = EventKind::tick;
  event.symbol = fields.symbol;
  if (fields.maker == "true") event.side = Side::sell;  // the buyer's order was in the book: the taker sold
  if (fields.maker == "false") event.side = Side::buy;
}

}  // namespace tapeline::feeds::binance
