#include "core/journal/crc32c.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/digits.hpp"

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#endif
#if defined(__PCLMUL__)
#include <wmmintrin.h>
#endif

namespace tapeline {

#if defined(__SSE4_2__)

namespace {

using Word = std::uint64_t;

#if defined(__PCLMUL__)

/// The instruction takes three cycles and may begin every cycle: three parts of the bytes are done at a time.
constexpr std::size_t parts = 3;
constexpr std::size_t part_words_min = 4;  // what putting them together costs is regained
constexpr std::size_t part_words_max = 64;

/// x^exponent modulo the polynomial, bits reversed as CRCs have them.
constexpr std::uint32_t power_of_x(std::size_t exponent) noexcept {
  std::uint32_t value = 0x80000000U;
  for (std::size_t i = 0; i < exponent; ++i) value = (value >> 1) ^ ((value & 1U) != 0 ? 0x82f63b78U : 0U);
  return value;
}

/// Factors that move the first and the second part's CRC behind the bytes of the third. x^33 less than their bits: as much
/// comes of a product with its bits reversed (x) and of its own CRC (x^32).
struct Moves {
  std::uint32_t first, second;
};
/// By the words of a part.
constexpr auto moves = [] {
  constexpr std::size_t word_bits = 64;
  std::array<Moves, part_words_max + 1> made{};
  for (std::size_t words = part_words_min; words <= part_words_max; ++words)
    made[words] = {power_of_x(2 * word_bits * words - 33), power_of_x(word_bits * words - 33)};
  return made;
}();

Word product(Word crc, std::uint32_t factor) noexcept {
  const __m128i both = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(crc)),
                                            _mm_cvtsi32_si128(static_cast<int>(factor)), 0);
  return static_cast<Word>(_mm_cvtsi128_si64(both));
}

/// Of 3 * `words` words, which a CRC in the state `crc` goes on with.
Word crc_of_parts(Word crc, const char* bytes, std::size_t words) noexcept {
  const char* const second_bytes = bytes + words * sizeof(Word);
  const char* const third_bytes = second_bytes + words * sizeof(Word);
  const std::size_t last = (words - 1) * sizeof(Word);
  Word second = 0;
  Word third = 0;
  for (std::size_t at = 0; at < last; at += sizeof(Word)) {
    crc = _mm_crc32_u64(crc, load_word(bytes + at));
    second = _mm_crc32_u64(second, load_word(second_bytes + at));
    third = _mm_crc32_u64(third, load_word(third_bytes + at));
  }
  crc = _mm_crc32_u64(crc, load_word(bytes + last));
  second = _mm_crc32_u64(second, load_word(second_bytes + last));
  const Word moved = product(crc, moves[words].first) ^ product(second, moves[words].second);
  return _mm_crc32_u64(third, load_word(third_bytes + last) ^ moved);
}

#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, const void* data, std::size_t size) noexcept {
  const auto* bytes = static_cast<const char*>(data);
  Word state = ~crc;
#if defined(__PCLMUL__)
  for (;;) {
    const std::size_t words = std::min(size / (parts * sizeof(Word)), part_words_max);
    if (words < part_words_min) break;
    state = crc_of_parts(state, bytes, words);
    bytes += words * parts * sizeof(Word);
    size -= words * parts * sizeof(Word);
  }
#endif
  for (; size >= sizeof(Word); size -= sizeof(Word), bytes += sizeof(Word))
    state = _mm_crc32_u64(state, load_word(bytes));
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
  if ((size & 1U) != 0) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*bytes));
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
