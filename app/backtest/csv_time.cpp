#include "app/backtest/csv_time.hpp"

#include <algorithm>
#include <charconv>

namespace tapeline::app {
namespace {

/// Reads digits off the front.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] bool number(int& value, std::ptrdiff_t digits_max) noexcept {
    const char* const first = at_;
    value = 0;
    for (; at_ != end_ && at_ - first < digits_max && *at_ >= '0' && *at_ <= '9'; ++at_)
      value = value * 10 + (*at_ - '0');
    return at_ != first;
  }
  [[nodiscard]] bool accept(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::string_view rest() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }

 private:
  const char* at_;
  const char* end_;
};

struct Civil {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  Nanos fraction_ns = 0;
};

bool read_date(Reader& reader, Civil& civil, SlashDates slashes) noexcept {
  int first = 0;
  if (!reader.number(first, 4)) return false;
  if (reader.accept('-')) {
    civil.year = first;
    return reader.number(civil.month, 2) && reader.accept('-') && reader.number(civil.day, 2);
  }
  if (!reader.accept('/')) return false;
  int second = 0, third = 0;
  if (!reader.number(second, 2) || !reader.accept('/') || !reader.number(third, 4)) return false;
  if (first > 31) {  // 2024/01/31
    civil.year = first, civil.month = second, civil.day = third;
  } else {
    civil.year = third;
    civil.month = slashes == SlashDates::month_first ? first : second;
    civil.day = slashes == SlashDates::month_first ? second : first;
  }
  return civil.year >= 1'000;
}

bool read_clock(Reader& reader, Civil& civil) noexcept {
  if (!reader.number(civil.hour, 2) || !reader.accept(':') || !reader.number(civil.minute, 2)) return false;
  if (!reader.accept(':')) return true;
  if (!reader.number(civil.second, 2)) return false;
  if (!reader.accept('.')) return true;
  Nanos unit = nanos_per_second;
  for (int digit = 0; unit > 1 && reader.number(digit, 1);) civil.fraction_ns += digit * (unit /= 10);
  return unit < nanos_per_second;
}

/// "Z", "UTC", "+08:00", "-0500", or nothing at all.
bool read_offset(std::string_view text, std::optional<int>& offset_s) noexcept {
  if (text.empty()) return true;
  if (text.front() == ' ') text.remove_prefix(1);
  if (text == "Z" || text == "UTC") {
    offset_s = 0;
    return true;
  }
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  Reader reader(text.substr(1));
  int hours = 0, minutes = 0;
  if (!reader.number(hours, 2)) return false;
  static_cast<void>(reader.accept(':'));
  if (!reader.at_end() && !reader.number(minutes, 2)) return false;
  if (!reader.at_end() || hours > 23 || minutes > 59) return false;
  offset_s = (hours * 60 + minutes) * (text.front() == '-' ? -60 : 60);
  return true;
}

/// An instant at which the zone's clocks show `local_ns`: the first of two, the change where they skip it.
Nanos from_local(Nanos local_ns, const TradingCalendar& zone) noexcept {
  const Nanos first = local_ns - zone.offset_s(local_ns) * nanos_per_second;
  const Nanos second = local_ns - zone.offset_s(first) * nanos_per_second;
  if (first == second) return first;
  return zone.offset_s(second) == zone.offset_s(first) ? second : std::max(first, second);
}

/// False where the text is no count.
bool from_count(std::string_view text, Nanos& time_ns) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::uint64_t digits = 0;
  for (; at != end && at - text.data() < 18 && *at >= '0' && *at <= '9'; ++at) {
    digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
  }
  auto count = static_cast<std::int64_t>(digits);
  double fraction = 0;
  if (at != end) {
    const auto [next, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || count < 0) return false;
    if (next != end) {
      const auto rest = std::from_chars(next, end, fraction, std::chars_format::fixed);
      if (rest.ec != std::errc() || rest.ptr != end || *next != '.') return false;
    }
  } else if (text.empty()) {
    return false;
  }
  const auto scaled = [&](Nanos unit) {
    return count * unit + static_cast<Nanos>(fraction * static_cast<double>(unit));
  };
  if (count >= 19'000'101 && count <= 22'001'231 && text.size() == 8) {
    const int days = static_cast<int>(count);
    const auto day_ns = from_civil_utc(days / 10'000, days / 100 % 100, days % 100, 0, 0, 0);
    if (day_ns) time_ns = *day_ns;
    return day_ns.has_value();
  }
  // Each up to the year 2255, where nanoseconds end.
  time_ns = count < 9'000'000'000           ? scaled(nanos_per_second)
            : count < 9'000'000'000'000     ? scaled(nanos_per_millisecond)
            : count < 9'000'000'000'000'000 ? scaled(nanos_per_microsecond)
                                            : count;
  return true;
}

}  // namespace

std::optional<Nanos> parse_csv_time(std::string_view text, const TradingCalendar& zone, SlashDates slashes) noexcept {
  Nanos count_ns = 0;
  if (from_count(text, count_ns)) return text.size() == 8 ? from_local(count_ns, zone) : count_ns;
  Reader reader(text);
  Civil civil;
  if (!read_date(reader, civil, slashes)) return std::nullopt;
  std::optional<int> offset_s;
  if (!reader.at_end()) {
    if (!reader.accept('T') && !reader.accept(' ')) return std::nullopt;
    if (!read_clock(reader, civil) || !read_offset(reader.rest(), offset_s)) return std::nullopt;
  }
  const auto shown = from_civil_utc(civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second);
  if (!shown) return std::nullopt;
  const Nanos local_ns = *shown + civil.fraction_ns;
  return offset_s ? local_ns - Nanos{*offset_s} * nanos_per_second : from_local(local_ns, zone);
}

}  // namespace tapeline::app
