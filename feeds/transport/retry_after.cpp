#include "feeds/transport/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace tapeline::feeds {
namespace {

constexpr std::int64_t seconds_max = 366 * 86'400;
constexpr std::size_t date_bytes = 29;  // Wed, 21 Oct 2026 07:28:00 GMT

template <class Number>
std::optional<Number> number(std::string_view text) noexcept {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<Nanos> http_date(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != date_bytes || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  const auto* const month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto day = number<int>(text.substr(5, 2));
  const auto year = number<int>(text.substr(12, 4));
  const auto hour = number<int>(text.substr(17, 2));
  const auto minute = number<int>(text.substr(20, 2));
  const auto second = number<int>(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  return from_civil_utc(*year, static_cast<int>(month - months.begin()) + 1, *day, *hour, *minute, *second);
}

}  // namespace

int retry_after_seconds(std::string_view value, Nanos wall_now_ns) noexcept {
  std::int64_t seconds = 0;
  if (const auto plain = number<std::int64_t>(value)) {
    seconds = *plain;
  } else if (const auto date = http_date(value); date && *date > wall_now_ns) {
    seconds = (*date - wall_now_ns + nanos_per_second - 1) / nanos_per_second;
  }
  return seconds > seconds_max ? 0 : static_cast<int>(seconds);
}

}  // namespace tapeline::feeds
