// Text as a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace tapeline {

/// `text` in quotes, escaped as RFC 8259 asks. `text` is UTF-8; other bytes pass as they are.
[[nodiscard]] inline std::string json_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json.append("\\u00");
      json += digits[static_cast<unsigned char>(c) >> 4U];
      json += digits[static_cast<unsigned char>(c) & 0xFU];
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace tapeline
