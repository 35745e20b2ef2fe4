#include "feeds/transport/redactor.hpp"

#include <algorithm>
#include <string_view>

#include "feeds/transport/url.hpp"

namespace tapeline::feeds {
namespace {

constexpr std::size_t key_bytes_min = 4;
/// Fewer characters of base64 stand in answers by chance.
constexpr std::size_t base64_bytes_min = 8;
constexpr std::string_view stars = "***";

std::string all_percent(std::string_view text, std::string_view digits) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return encoded;
}

std::string lower_hex(std::string encoded) {
  for (std::size_t at = encoded.find('%'); at != std::string::npos; at = encoded.find('%', at + 1)) {
    for (std::size_t digit = at + 1; digit <= at + 2; ++digit) {
      if (encoded[digit] >= 'A' && encoded[digit] <= 'F')
        encoded[digit] = static_cast<char>(encoded[digit] + ('a' - 'A'));
    }
  }
  return encoded;
}

/// The characters that base64 has for `text` when `offset` (0 to 2) bytes stand before it: without those that it shares
/// with what stands around.
std::string base64_inside(std::string_view text, std::size_t offset, std::string_view alphabet) {
  std::string encoded;
  const std::size_t bits = 8 * text.size();
  const std::size_t first = (6 - 8 * offset % 6) % 6;  // bits of the character that the text shares with the one before
  for (std::size_t at = first; at + 6 <= bits; at += 6) {
    unsigned value = 0;
    for (std::size_t bit = at; bit < at + 6; ++bit) {
      value = value << 1U | (unsigned{static_cast<unsigned char>(text[bit / 8])} >> (7 - bit % 8) & 1U);
    }
    encoded += alphabet[value];
  }
  return encoded;
}

}  // namespace

Redactor::Redactor(const Secret& secret) {
  const std::string& key = secret.reveal();
  if (key.size() < key_bytes_min || key == "demo") return;
  const std::string encoded = url_encoded(key);
  forms_ = {key, encoded, lower_hex(encoded), all_percent(key, "0123456789ABCDEF"),
            all_percent(key, "0123456789abcdef")};
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const char* last : {"+/", "-_"}) {
    for (std::size_t offset = 0; offset < 3; ++offset) {
      std::string form = base64_inside(key, offset, std::string(letters) + last);
      if (form.size() >= base64_bytes_min) forms_.push_back(std::move(form));
    }
  }
  std::sort(forms_.begin(), forms_.end());
  forms_.erase(std::unique(forms_.begin(), forms_.end()), forms_.end());
}

void Redactor::redact(std::string& text) const {
  for (const std::string& form : forms_) {
    for (std::size_t at = text.find(form); at != std::string::npos; at = text.find(form, at + stars.size())) {
      text.replace(at, form.size(), stars);
    }
  }
}

}  // namespace tapeline::feeds
