#include "core/journal/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#endif

namespace tapeline {

#if defined(__SSE4_2__)

std::uint32_t crc32c(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t state = ~crc;
  for (; size >= 8; size -= 8, bytes += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    state = _mm_crc32_u64(state, word);
  }
  auto narrow = static_cast<std::uint32_t>(state);
  if ((size & 4U) != 0) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    narrow = _mm_crc32_u32(narrow, word);
    bytes += 4;
  }
  if ((size & 2U) != 0) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    narrow = _mm_crc32_u16(narrow, word);
    bytes += 2;
  }
  if ((size & 1U) != 0) narrow = _mm_crc32_u8(narrow, *bytes);
  return ~narrow;
}

#else

std::uint32_t crc32c(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0x82f63b78U : 0U);
      entries[i] = value;
    }
    return entries;
  }();
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t state = ~crc;
  for (; size > 0; --size, ++bytes) state = (state >> 8) ^ table[(state ^ *bytes) & 0xffU];
  return ~state;
}

#endif

}  // namespace tapeline
