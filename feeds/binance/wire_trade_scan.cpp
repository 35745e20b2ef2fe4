#include "feeds/binance/wire_trade_scan.hpp"

#include <cstring>

namespace tapeline::feeds::binance {
namespace {

bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// Walks over the message; every step says whether the bytes were the expected ones. The padding behind the payload
/// makes fixed-width comparisons safe, and at_end() catches whoever walked into it.
class Scan {
 public:
  explicit Scan(std::string_view payload) noexcept : at_(payload.data()), end_(payload.data() + payload.size()) {}

  template <std::size_t Size>
  bool literal(const char (&text)[Size]) noexcept {
    static_assert(Size - 1 <= frame_padding_bytes);
    if (std::memcmp(at_, text, Size - 1) != 0) return false;
    at_ += Size - 1;
    return true;
  }

  /// Up to a closing quote, which is taken too. Letters, digits and "@_" alone: nothing that JSON could escape.
  bool name(std::string_view& text) noexcept {
    const char* const begin = at_;
    while (at_ != end_ && is_name(*at_)) ++at_;
    text = {begin, static_cast<std::size_t>(at_ - begin)};
    return !text.empty() && literal("\"");
  }

  /// A whole number of 1 to 18 digits without leading zero.
  bool integer(std::int64_t& value) noexcept {
    const char* const begin = at_;
    value = 0;
    for (; at_ != end_ && is_digit(*at_); ++at_) {
      if (at_ - begin == decimal_digits_max) return false;
      value = value * 10 + (*at_ - '0');
    }
    return at_ != begin && (*begin != '0' || at_ - begin == 1);
  }

  /// "digits.digits" and the closing quote, at most 18 digits with their zeros, a positive value.
  bool positive_decimal(Decimal& value) noexcept {
    const char* const begin = at_;
    std::int64_t mantissa = 0;
    while (at_ != end_ && is_digit(*at_)) {
      mantissa = mantissa * 10 + (*at_++ - '0');
      if (at_ - begin > decimal_digits_max) return false;
    }
    if (at_ == begin || at_ == end_ || *at_++ != '.') return false;
    const char* const fraction = at_;
    std::int64_t kept = mantissa;
    std::ptrdiff_t kept_digits = 0;
    for (; at_ != end_ && is_digit(*at_); ++at_) {
      if (at_ - begin > decimal_digits_max) return false;
      mantissa = mantissa * 10 + (*at_ - '0');
      if (*at_ != '0') {
        kept = mantissa;
        kept_digits = at_ - fraction + 1;
      }
    }
    if (at_ == fraction || kept == 0) return false;
    value = {kept, static_cast<std::int8_t>(-kept_digits)};
    return literal("\"");
  }

  /// true or false.
  bool boolean(bool& value) noexcept {
    value = std::memcmp(at_, "true", 4) == 0;
    return value ? literal("true") : literal("false");
  }

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }

 private:
  static bool is_name(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) || c == '@' || c == '_';
  }

  const char* at_;
  const char* end_;
};

/// Stamps of this many milliseconds are between 2001 and 2200: nothing to check beyond that.
constexpr std::int64_t milliseconds_min = 1'000'000'000'000;
constexpr std::int64_t milliseconds_max = 7'258'118'400'000;

}  // namespace

std::optional<WireEvent> scan_trade(std::string_view payload) noexcept {
  Scan scan(payload);
  std::string_view stream;
  const bool is_combined = scan.literal("{\"stream\":\"");
  if (is_combined && !(scan.name(stream) && scan.literal(",\"data\":"))) return std::nullopt;
  std::int64_t sent_ms = 0;
  std::int64_t trade_id = 0;
  std::int64_t time_ms = 0;
  bool is_maker = false;
  bool ignored = false;
  WireEvent tick;
  const bool is_trade = scan.literal("{\"e\":\"trade\",\"E\":") && scan.integer(sent_ms) && scan.literal(",\"s\":\"") &&
                        scan.name(tick.symbol) && scan.literal(",\"t\":") && scan.integer(trade_id) &&
                        scan.literal(",\"p\":\"") && scan.positive_decimal(tick.price) && scan.literal(",\"q\":\"") &&
                        scan.positive_decimal(tick.size) && scan.literal(",\"T\":") && scan.integer(time_ms) &&
                        scan.literal(",\"m\":") && scan.boolean(is_maker) && scan.literal(",\"M\":") &&
                        scan.boolean(ignored) && scan.literal("}") && (!is_combined || scan.literal("}")) &&
                        scan.at_end();
  if (!is_trade || time_ms < milliseconds_min || time_ms >= milliseconds_max) return std::nullopt;
  tick.kind = EventKind::tick;
  tick.event_ns = time_ms * nanos_per_millisecond;
  tick.trade_id = static_cast<std::uint64_t>(trade_id);
  tick.side = is_maker ? Side::sell : Side::buy;  // the buyer's order was in the book: the taker sold
  return tick;
}

}  // namespace tapeline::feeds::binance
