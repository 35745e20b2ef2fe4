#include "feeds/wire_fields.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "core/base/digits.hpp"

namespace tapeline::feeds {
namespace {

constexpr std::size_t excerpt_bytes_max = 100;          // of the 128 that an event's text has
constexpr std::uint32_t interval_s_max = 366 * 86'400;  // a longer one could push the end of a bar out of 64 bits
constexpr std::int64_t earliest_s = -2'208'988'800;     // 1900: daily histories of shares begin before the epoch
constexpr std::int64_t latest_s = 7'258'118'400;        // 2200

std::string_view words_of(Reason reason) noexcept {
  switch (reason) {
    case Reason::missing_field: return " is missing";
    case Reason::not_a_number: return " is not a number: '";
    case Reason::out_of_precision: return " has more than 18 significant digits: '";
    case Reason::non_positive_price: return " is not positive: '";
    case Reason::negative_volume: return " is negative: '";
    case Reason::bad_timestamp: return " is no valid time: '";
    default: return " cannot be used: '";
  }
}

}  // namespace

std::string_view WireText::excerpt(std::string_view text) noexcept {
  if (used_ == lines_.size()) lines_.emplace_back();
  std::string& line = lines_[used_++];
  line.assign(text.substr(0, excerpt_bytes_max));
  for (char& c : line) {
    if (c < ' ' || c > '~') c = '?';
  }
  return line;
}

bool is_absent(std::string_view lexeme) noexcept { return lexeme.empty() || lexeme == "null"; }

CheckedDecimal decimal_of(std::string_view lexeme) noexcept {
  if (is_absent(lexeme)) return {{}, Reason::missing_field};
  const auto decimal = parse_decimal(lexeme);
  if (decimal) return {*decimal, Reason::none};
  return {{}, decimal.error() == DecimalError::out_of_precision ? Reason::out_of_precision : Reason::not_a_number};
}

CheckedDecimal price_of(std::string_view lexeme) noexcept {
  CheckedDecimal price = decimal_of(lexeme);
  if (price.reason == Reason::none && price.value.mantissa <= 0) price.reason = Reason::non_positive_price;
  return price;
}

CheckedDecimal volume_of(std::string_view lexeme) noexcept {
  CheckedDecimal volume = decimal_of(lexeme);
  if (volume.reason == Reason::none && volume.value.mantissa < 0) volume.reason = Reason::negative_volume;
  return volume;
}

std::optional<Nanos> epoch_of(std::string_view lexeme, Nanos unit) noexcept {
  std::int64_t count = whole_number(lexeme);
  if (count < 0) {
    const auto [next, error] = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), count);
    if (lexeme.empty() || error != std::errc{} || next != lexeme.data() + lexeme.size()) return std::nullopt;
  }
  Nanos since_epoch = 0;
  if (__builtin_mul_overflow(count, unit, &since_epoch)) return std::nullopt;
  if (since_epoch < earliest_s * nanos_per_second || since_epoch >= latest_s * nanos_per_second) return std::nullopt;
  return since_epoch;
}

std::string_view complaint(WireText& text, std::string_view field, Reason reason, std::string_view lexeme) noexcept {
  if (reason == Reason::missing_field) return text.join(field, words_of(reason));
  return text.join(field, words_of(reason), text.excerpt(lexeme), "'");
}

BarRequest bar_request_of(std::string_view context) noexcept {
  const std::size_t space = context.rfind(' ');
  if (space == std::string_view::npos) return {context, 0};
  const std::string_view digits = context.substr(space + 1);
  std::uint32_t interval_s = 0;
  const auto [next, error] = std::from_chars(digits.data(), digits.data() + digits.size(), interval_s);
  if (error != std::errc{} || next != digits.data() + digits.size() || interval_s > interval_s_max) return {context, 0};
  return {context.substr(0, space), interval_s};
}

WireEvent bar_of(const BarFields& fields, const BarRequest& request, Nanos start_ns, WireText& text) noexcept {
  WireEvent bar{
      .kind = EventKind::source_bar, .symbol = request.symbol, .event_ns = start_ns, .interval_s = request.interval_s};
  struct Field {
    std::string_view name;
    std::string_view lexeme;
    Decimal* target;
    CheckedDecimal (*read)(std::string_view) noexcept;
  };
  const std::array<Field, 5> all{{{"open", fields.open, &bar.open, &price_of},
                                  {"high", fields.high, &bar.high, &price_of},
                                  {"low", fields.low, &bar.low, &price_of},
                                  {"close", fields.close, &bar.price, &price_of},
                                  {"volume", fields.volume, &bar.size, &volume_of}}};
  for (const Field& field : all) {
    const CheckedDecimal checked = field.read(field.lexeme);
    if (checked.reason != Reason::none) {
      return reject_of(request.symbol, start_ns, checked.reason,
                       complaint(text, field.name, checked.reason, field.lexeme));
    }
    *field.target = checked.value;
  }
  return bar;
}

WireEvent quote_of(std::string_view symbol, Nanos event_ns, const QuoteFields& fields, WireText& text) noexcept {
  WireEvent quote{.kind = EventKind::quote, .symbol = symbol, .event_ns = event_ns};
  for (const auto& [field, target] : {std::pair{fields.bid, &quote.price}, std::pair{fields.ask, &quote.ask}}) {
    const CheckedDecimal checked = volume_of(field.lexeme);
    if (checked.reason != Reason::none) {
      const Reason reason = checked.reason == Reason::negative_volume ? Reason::non_positive_price : checked.reason;
      return reject_of(symbol, event_ns, reason, complaint(text, field.name, reason, field.lexeme));
    }
    *target = checked.value;
  }
  return quote;
}

WireEvent reject_of(std::string_view symbol, Nanos event_ns, Reason reason, std::string_view text) noexcept {
  return {.kind = EventKind::reject, .reason = reason, .symbol = symbol, .event_ns = event_ns, .text = text};
}

WireEvent refusal_event(std::string_view symbol, Nanos receive_ns, Reason reason, std::string_view text) noexcept {
  return {.kind = EventKind::refusal, .reason = reason, .symbol = symbol, .event_ns = receive_ns, .text = text};
}

bool unfinished(const WireEvent& bar, Nanos receive_ns) noexcept {
  return receive_ns != 0 && bar.event_ns + static_cast<Nanos>(bar.interval_s) * nanos_per_second > receive_ns;
}

void mark_backfilled(std::span<WireEvent> events) noexcept {
  constexpr int live_bars = 2;
  int bars = 0;  // of different times: a source may tell one twice
  Nanos start_ns = std::numeric_limits<Nanos>::max();
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->kind != EventKind::source_bar || (event->flags & event_provisional) != 0) continue;
    if (event->event_ns < start_ns) {
      start_ns = event->event_ns;
      ++bars;
    }
    if (bars > live_bars) event->flags |= event_backfilled;
  }
}

Reason refusal_in(const WireOutput& output) noexcept {
  for (const WireEvent& event : output.events) {
    if (event.kind == EventKind::refusal) return event.reason;
  }
  return Reason::none;
}

}  // namespace tapeline::feeds
