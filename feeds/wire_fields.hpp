// What the wire parsers share below the level of a format: checked fields, bars, and the words for what is wrong with
// them.
//
// Input     A lexeme is the text of one value as the source wrote it, without quotes. A lexeme with data() == nullptr
//           stands for a field that is not there; "null" counts as not there too.
// Failure   Nothing throws; a field that fails its check becomes a reject whose text names it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"
#include "core/model/event.hpp"
#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds {

/// Lines composed for one frame. They stay where they are until clear(), which keeps their memory for the next frame.
class WireText {
 public:
  void clear() noexcept { used_ = 0; }

  template <class... Parts>
  [[nodiscard]] std::string_view join(const Parts&... parts) noexcept {
    if (used_ == lines_.size()) lines_.emplace_back();
    std::string& line = lines_[used_++];
    line.clear();
    (line.append(parts), ...);
    return line;
  }

  /// `text` cut to a readable length, with everything but printable ASCII replaced: fit for a log and for a database.
  [[nodiscard]] std::string_view excerpt(std::string_view text) noexcept;

 private:
  std::deque<std::string> lines_;  // a deque: growing it moves no line
  std::size_t used_ = 0;
};

struct CheckedDecimal {
  Decimal value;
  Reason reason = Reason::none;
};

/// The exact decimal of a lexeme, or why there is none.
[[nodiscard]] CheckedDecimal decimal_of(std::string_view lexeme) noexcept;

/// A price: also positive. A volume: also not negative.
[[nodiscard]] CheckedDecimal price_of(std::string_view lexeme) noexcept;
[[nodiscard]] CheckedDecimal volume_of(std::string_view lexeme) noexcept;

/// The same right into its place, or why there is none: a decimal that is put down in parts and then moved as a whole
/// holds up what follows.
[[nodiscard]] inline Reason read_price(std::string_view lexeme, Decimal& price) noexcept {
  const Decimal usual = usual_decimal(lexeme);
  if (usual.exponent > 0 || usual.mantissa <= 0) {
    const CheckedDecimal checked = price_of(lexeme);
    price = checked.value;
    return checked.reason;
  }
  price.mantissa = usual.mantissa;
  price.exponent = usual.exponent;
  return Reason::none;
}
[[nodiscard]] inline Reason read_volume(std::string_view lexeme, Decimal& volume) noexcept {
  const Decimal usual = usual_decimal(lexeme);
  if (usual.exponent > 0) {
    const CheckedDecimal checked = volume_of(lexeme);
    volume = checked.value;
    return checked.reason;
  }
  volume.mantissa = usual.mantissa;
  volume.exponent = usual.exponent;
  return Reason::none;
}

/// Whole units (nanos_per_second, nanos_per_millisecond …) since the epoch; nullopt for no integer or a year outside
/// 1900-2200.
[[nodiscard]] std::optional<Nanos> epoch_of(std::string_view lexeme, Nanos unit) noexcept;

[[nodiscard]] bool is_absent(std::string_view lexeme) noexcept;

/// "close is not a number: 'abc'".
[[nodiscard]] std::string_view complaint(WireText& text, std::string_view field, Reason reason,
                                         std::string_view lexeme) noexcept;

/// What a request for bars was about, from a context such as "AAPL 60"; without a number the interval is 0.
struct BarRequest {
  std::string_view symbol;
  std::uint32_t interval_s = 0;
};
[[nodiscard]] BarRequest bar_request_of(std::string_view context) noexcept;

struct BarFields {
  std::string_view open, high, low, close, volume;
};

/// A source_bar, or a reject of the first field that fails.
[[nodiscard]] WireEvent bar_of(const BarFields& fields, const BarRequest& request, Nanos start_ns,
                               WireText& text) noexcept;

struct QuoteFields {
  struct Field {
    std::string_view name;  // in a complaint
    std::string_view lexeme;
  };
  Field bid, ask;
};

/// A quote; 0 where nobody bids or asks. A reject of the field that is no such number.
[[nodiscard]] WireEvent quote_of(std::string_view symbol, Nanos event_ns, const QuoteFields& fields,
                                 WireText& text) noexcept;

[[nodiscard]] WireEvent reject_of(std::string_view symbol, Nanos event_ns, Reason reason,
                                  std::string_view text) noexcept;
[[nodiscard]] WireEvent refusal_event(std::string_view symbol, Nanos receive_ns, Reason reason,
                                      std::string_view text) noexcept;

/// The bar's end lies after its receipt: it may still change. False where the time of receipt is not known (0).
[[nodiscard]] bool unfinished(const WireEvent& bar, Nanos receive_ns) noexcept;

/// Marks those bars of one answer that were not taken when they happened: all but its newest two whole ones, by time.
///
/// A poll brings the bar that has just ended, and may have failed once or come before the source knew the bar: that makes
/// two. Whatever is older, the polls before would have brought. The bars of the answer are counted, no clock: a weekend or
/// a source that is 15 minutes late makes none of them old. Precondition: `events` are of one series, ascending, with
/// event_provisional where it is due.
void mark_backfilled(std::span<WireEvent> events) noexcept;

/// Reason of the first refusal among the events, Reason::none without one.
[[nodiscard]] Reason refusal_in(const WireOutput& output) noexcept;

}  // namespace tapeline::feeds
