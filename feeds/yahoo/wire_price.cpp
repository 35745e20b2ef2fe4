#include "feeds/yahoo/wire_price.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace tapeline::feeds::yahoo {
namespace {

constexpr int price_hint_max = 12;
/// Every decimal of up to 7 significant digits is what a float32 was meant to be: it carries no noise.
constexpr std::size_t noiseless_bytes = 8;
constexpr std::size_t digits_max = 64;  // of FLT_MAX with 12 decimals

bool is_same(float a, float b) noexcept { return !(a < b) && !(a > b); }

}  // namespace

std::string_view decimal_text(float price, int price_hint, WireText& text) noexcept {
  std::array<char, digits_max> digits{};
  char* const begin = digits.data();
  char* const end = begin + digits.size();
  if (price_hint >= 0 && price_hint <= price_hint_max) {
    const auto rounded = std::to_chars(begin, end, price, std::chars_format::fixed, price_hint);
    float again = 0;
    if (rounded.ec == std::errc{} && std::from_chars(begin, rounded.ptr, again).ec == std::errc{} &&
        is_same(again, price)) {
      return text.join(std::string_view{begin, static_cast<std::size_t>(rounded.ptr - begin)});
    }
  }
  const auto shortest = std::to_chars(begin, end, price);
  return text.join(std::string_view{begin, static_cast<std::size_t>(shortest.ptr - begin)});
}

std::string_view without_noise(std::string_view lexeme, int price_hint, WireText& text) noexcept {
  if (lexeme.size() <= noiseless_bytes) return lexeme;
  double wide = 0;
  const auto [next, error] = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), wide);
  if (error != std::errc{} || next != lexeme.data() + lexeme.size()) return lexeme;
  if (std::abs(wide) > static_cast<double>(std::numeric_limits<float>::max())) return lexeme;
  const auto narrow = static_cast<float>(wide);
  const auto again = static_cast<double>(narrow);
  if (again < wide || again > wide) return lexeme;
  return decimal_text(narrow, price_hint, text);
}

}  // namespace tapeline::feeds::yahoo
