// Decimal text against an oracle that only moves digits about: no arithmetic that could be wrong in the same way.
#include "core/base/decimal.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "tests/fuzz/fuzz.hpp"

namespace {

/// Digits without zeros at either end, and the power of ten of the last one.
struct Exact {
  bool is_negative = false;
  std::string digits;
  long exponent = 0;

  bool operator==(const Exact&) const = default;
};

Exact trimmed(Exact value) {
  value.digits.erase(0, std::min(value.digits.find_first_not_of('0'), value.digits.size()));
  while (value.digits.ends_with('0')) {
    value.digits.pop_back();
    ++value.exponent;
  }
  if (value.digits.empty()) value = {};
  return value;
}

/// [-] digits [. digits] [e [+-] digits], nothing else; nullopt where it is not that, or the exponent is absurd.
std::optional<Exact> read(std::string_view text) {
  Exact value;
  const auto digits = [&](std::string& into) {
    const std::size_t before = into.size();
    while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
      into += text.front();
      text.remove_prefix(1);
    }
    return into.size() - before;
  };
  if (text.starts_with('-')) {
    value.is_negative = true;
    text.remove_prefix(1);
  }
  if (digits(value.digits) == 0) return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t count = digits(value.digits);
    if (count == 0) return std::nullopt;
    value.exponent -= static_cast<long>(count);
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool is_negative = text.starts_with('-');
    if (is_negative || text.starts_with('+')) text.remove_prefix(1);
    std::string exponent;
    if (digits(exponent) == 0 || exponent.size() > 6) return std::nullopt;
    value.exponent += is_negative ? -std::stol(exponent) : std::stol(exponent);
  }
  if (!text.empty()) return std::nullopt;
  return trimmed(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tapeline::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = tapeline::parse_decimal(text);
  const std::optional<Exact> exact = read(text);
  if (!parsed) {
    if (!exact) return 0;
    require(parsed.error() == tapeline::DecimalError::out_of_precision, "a number is taken for a number");
    const long digits = static_cast<long>(exact->digits.size()) + std::max(exact->exponent, 0L);
    require(digits > tapeline::decimal_digits_max || exact->exponent < tapeline::decimal_exponent_min,
            "a number that fits is not refused");
    return 0;
  }
  const std::string shown = tapeline::to_string(*parsed);
  const auto again = read(shown);
  require(again.has_value(), "what is printed is a number");
  if (exact) require(*again == *exact, "the number is the one that was written");
  const auto round = tapeline::parse_decimal(shown);
  require(round && *round == *parsed, "what is printed reads back the same");
  require(parsed->exponent == 0 || parsed->mantissa % 10 != 0, "equal values have equal representations");
  return 0;
}
