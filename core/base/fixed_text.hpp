// Text in an array of fixed size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace tapeline {

/// Cut to fit, NUL-terminated, the rest zeroed: equal texts are equal bytes. `capacity` > 0.
inline void copy_text(char* to, std::size_t capacity, std::string_view text) noexcept {
  const std::size_t length = std::min(text.size(), capacity - 1);
  std::memcpy(to, text.data(), length);
  std::memset(to + length, 0, capacity - length);
}

}  // namespace tapeline
