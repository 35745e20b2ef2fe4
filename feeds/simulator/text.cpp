#include "feeds/simulator/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <openssl/evp.h>

#include "core/base/check.hpp"
#include "core/base/decimal.hpp"

namespace tapeline::feeds::simulator {
namespace {

template <class Integer>
void append_any_integer(std::string& out, Integer value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void append_integer(std::string& out, std::int64_t value) { append_any_integer(out, value); }
void append_integer(std::string& out, std::uint64_t value) { append_any_integer(out, value); }

void append_fixed(std::string& out, std::int64_t mantissa, int decimals, int shown) {
  TL_DCHECK(0 <= decimals && decimals <= shown && shown <= decimal_digits_max);
  if (mantissa < 0) {
    out.push_back('-');
    mantissa = -mantissa;
  }
  const std::int64_t scale = power_of_ten(decimals);
  append_any_integer(out, mantissa / scale);
  if (shown == 0) return;
  out.push_back('.');
  std::int64_t fraction = mantissa % scale;
  const std::size_t begin = out.size();
  out.append(static_cast<std::size_t>(shown), '0');
  for (std::size_t digit = begin + static_cast<std::size_t>(decimals); digit-- > begin; fraction /= 10) {
    out[digit] = static_cast<char>('0' + fraction % 10);
  }
}

void append_double(std::string& out, double value) {
  std::array<char, 64> digits;
  const double magnitude = std::abs(value);
  const auto format = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e21) ? std::chars_format::scientific
                                                                                : std::chars_format::fixed;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, format).ptr;
  out.append(digits.data(), end);
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out.push_back(hex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(hex[static_cast<unsigned char>(c) & 0xF]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_rounded(std::string& out, double value, int decimals) {
  const double scale = static_cast<double>(power_of_ten(decimals));
  const double rounded = std::round(value * scale) / scale;
  append_double(out, rounded == 0 ? 0.0 : rounded);
}

std::string base64_of(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace tapeline::feeds::simulator
