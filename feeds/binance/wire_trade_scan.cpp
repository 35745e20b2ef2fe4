#include "feeds/binance/wire_trade_scan.hpp"

#include <bit>
#include <cstring>

#include "core/base/digits.hpp"

namespace tapeline::feeds::binance {
namespace {

// What most messages have; others take a little longer.
constexpr int usual_stamp_digits = 13;
constexpr int usual_id_digits = 10;
constexpr int usual_fraction_digits = 8;

/// Walks over the message; every step says whether the bytes were the expected ones.
///
/// No step begins at or behind the end, and none reads further than 40 bytes from where it begins: the padding behind the
/// payload holds that, and at_end() catches whoever walked into it.
class Scan {
 public:
  explicit Scan(std::string_view payload) noexcept : at_(payload.data()), end_(payload.data() + payload.size()) {}

  template <std::size_t Size>
  bool literal(const char (&text)[Size]) noexcept {
    static_assert(Size - 1 <= 24);
    // Two parts that overlap: for one of more than 16 characters GCC calls a function.
    constexpr std::size_t length = Size - 1;
    constexpr std::size_t first = length < 16 ? length : 16;
    if (std::memcmp(at_, text, first) != 0) return false;
    if (length > first && std::memcmp(at_ + length - 8, text + length - 8, 8) != 0) return false;
    at_ += length;
    return true;
  }

  /// Up to a closing quote, which is taken too: ASCII without escapes and control characters, at least one of them.
  bool name(std::string_view& text) noexcept {
    const char* const begin = at_;
    while (at_ < end_) {
      const std::uint64_t stops = stops_in(load_word(at_));
      if (stops == 0) {
        at_ += 8;
        continue;
      }
      at_ += std::countr_zero(stops) / 8;
      text = {begin, static_cast<std::size_t>(at_ - begin)};
      return at_ < end_ && *at_++ == '"' && !text.empty();
    }
    return false;
  }

  /// As integer(), for a number that nobody wants.
  bool skip_integer() noexcept {
    if (at_ >= end_) return false;
    const int count = count_digits(at_);
    if (count == 0 || count > decimal_digits_max || (*at_ == '0' && count > 1)) return false;
    at_ = advanced(at_, count, usual_stamp_digits);
    return true;
  }

  /// A whole number of 1 to 18 digits without leading zero.
  bool integer(std::int64_t& value, int usual_digits) noexcept {
    if (at_ >= end_) return false;
    const Digits digits = read_digits(at_);
    if (digits.count == 0 || digits.count > decimal_digits_max || (*at_ == '0' && digits.count > 1)) return false;
    value = static_cast<std::int64_t>(digits.value);
    at_ = advanced(at_, digits.count, usual_digits);
    return true;
  }

  /// "digits.digits" and the closing quote: at most 18 digits with their zeros, at most 8 of them behind the point; a
  /// positive value.
  bool positive_decimal(Decimal& value) noexcept {
    if (at_ >= end_) return false;
    const Digits whole = read_digits(at_);
    at_ += whole.count;
    const std::uint64_t word = load_word(at_ + 1);
    const int written = digits_in(word);
    if (whole.count == 0 || *at_ != '.' || written == 0 || whole.count + written > decimal_digits_max) return false;
    const int kept = written - trailing_zeros(word, written);
    const std::uint64_t fraction = kept == 0 ? 0 : value_of(word, kept);
    const std::uint64_t mantissa = whole.value * small_power_of_ten(kept) + fraction;
    at_ = advanced(at_ + 1, written, usual_fraction_digits);
    if (mantissa == 0 || *at_++ != '"') return false;
    value = {static_cast<std::int64_t>(mantissa), static_cast<std::int8_t>(-kept)};
    return true;
  }

  /// true or false.
  bool boolean(bool& value) noexcept {
    if (at_ >= end_) return false;
    value = std::memcmp(at_, "true", 4) == 0;
    return value ? literal("true") : literal("false");
  }

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }

 private:
  /// The high bit of the first byte that a name cannot hold, or that ends it; above it bits may be wrong.
  static std::uint64_t stops_in(std::uint64_t word) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    const auto below = [](std::uint64_t bytes, std::uint64_t limit) { return (bytes - limit * ones) & ~bytes; };
    const std::uint64_t control = below(word, 0x20);
    const std::uint64_t quote = below(word ^ ('"' * ones), 1);
    const std::uint64_t escape = below(word ^ ('\\' * ones), 1);
    return (word | control | quote | escape) & (0x80 * ones);
  }

  const char* at_;
  const char* end_;
};

/// Stamps of this many milliseconds are between 2001 and 2200: nothing to check beyond that.
constexpr std::int64_t milliseconds_min = 1'000'000'000'000;
constexpr std::int64_t milliseconds_max = 7'258'118'400'000;

}  // namespace

bool scan_trade(std::string_view payload, WireEvent& tick) noexcept {
  Scan scan(payload);
  std::string_view stream;
  const bool is_combined = scan.literal("{\"stream\":\"");
  if (is_combined && !(scan.name(stream) && scan.literal(",\"data\":"))) return false;
  std::int64_t trade_id = 0;
  std::int64_t time_ms = 0;
  bool is_maker = false;
  bool ignored = false;
  const bool is_trade = scan.literal("{\"e\":\"trade\",\"E\":") && scan.skip_integer() && scan.literal(",\"s\":\"") &&
                        scan.name(tick.symbol) && scan.literal(",\"t\":") && scan.integer(trade_id, usual_id_digits) &&
                        scan.literal(",\"p\":\"") && scan.positive_decimal(tick.price) && scan.literal(",\"q\":\"") &&
                        scan.positive_decimal(tick.size) && scan.literal(",\"T\":") &&
                        scan.integer(time_ms, usual_stamp_digits) && scan.literal(",\"m\":") &&
                        scan.boolean(is_maker) && scan.literal(",\"M\":") && scan.boolean(ignored) &&
                        scan.literal("}") && (!is_combined || scan.literal("}")) && scan.at_end();
  if (!is_trade || time_ms < milliseconds_min || time_ms >= milliseconds_max) return false;
  tick.kind = EventKind::tick;
  tick.event_ns = time_ms * nanos_per_millisecond;
  tick.trade_id = static_cast<std::uint64_t>(trade_id);
  tick.side = is_maker ? Side::sell : Side::buy;  // the buyer's order was in the book: the taker sold
  return true;
}

std::optional<WireEvent> scan_trade(std::string_view payload) noexcept {
  WireEvent tick;
  return scan_trade(payload, tick) ? std::optional(tick) : std::nullopt;
}

}  // namespace tapeline::feeds::binance
