// Decimal digits of text, eight at a time in one 64-bit word: what the readers of numbers share.
//
// Input     pointers to text that is followed by readable bytes: at least as many as a function says that it looks at.
// Cost      a few instructions for eight digits, no table but that of the powers of ten.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tapeline {

static_assert(std::endian::native == std::endian::little, "the first character is the lowest byte");

[[nodiscard]] inline std::uint64_t load_word(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline constexpr std::uint64_t zeros_word = 0x3030'3030'3030'3030;  // "00000000"

/// The high bit of every byte that is no digit, of characters that have been xored with zeros_word.
[[nodiscard]] inline std::uint64_t others_among(std::uint64_t values) noexcept {
  return (((values & 0x7f7f'7f7f'7f7f'7f7f) + 0x7676'7676'7676'7676) | values) & 0x8080'8080'8080'8080;
}

/// How many of the word's characters, from its first on, are digits: 0 to 8.
[[nodiscard]] inline int digits_in(std::uint64_t word) noexcept {
  const std::uint64_t others = others_among(word ^ zeros_word);
  return others == 0 ? 8 : std::countr_zero(others) / 8;
}

/// The last `count` of the eight characters that end at `end`, each as its own value in a byte; zeros stand before them.
/// Precondition: 1 <= count <= 8, eight characters are readable.
[[nodiscard]] inline std::uint64_t last_values(const char* end, int count) noexcept {
  const int before = 64 - 8 * count;
  return (load_word(end - 8) ^ zeros_word) >> before << before;
}

/// Value of eight digits, each as its own value in a byte.
[[nodiscard]] inline std::uint64_t value_of_digits(std::uint64_t values) noexcept {
  values = values * 10 + (values >> 8);  // in every second byte a number of two digits
  constexpr std::uint64_t mask = 0x0000'00ff'0000'00ff;
  constexpr std::uint64_t first = 0x000f'4240'0000'0064;   // 100 and 1,000,000
  constexpr std::uint64_t second = 0x0000'2710'0000'0001;  // 1 and 10,000
  return ((values & mask) * first + ((values >> 16) & mask) * second) >> 32;
}

/// Value of the word's first `count` characters. Precondition: they are digits, 1 <= count <= 8.
[[nodiscard]] inline std::uint64_t value_of(std::uint64_t word, int count) noexcept {
  // The digits move to the word's end; zeros take their place.
  return value_of_digits((word ^ zeros_word) << (64 - 8 * count));
}

/// How many zeros end the word's first `count` characters. Precondition: they are digits, 1 <= count <= 8.
[[nodiscard]] inline int trailing_zeros(std::uint64_t word, int count) noexcept {
  const std::uint64_t values = (word ^ zeros_word) << (64 - 8 * count);
  return values == 0 ? count : std::countl_zero(values) / 8;
}

/// 10^power. Precondition: 0 <= power <= 8.
[[nodiscard]] inline std::uint64_t small_power_of_ten(int power) noexcept {
  static constexpr std::array<std::uint32_t, 9> powers{1,       10,        100,        1'000,      10'000,
                                                       100'000, 1'000'000, 10'000'000, 100'000'000};
  return powers[static_cast<std::size_t>(power)];
}

/// at + count. Where `count` is the `usual` one, what follows need not wait for it to be computed: the branch is predicted, and
/// the processor reads on from there.
[[nodiscard]] inline const char* advanced(const char* at, int count, int usual) noexcept {
  if (count != usual) return at + count;
  at += usual;
  asm("" : "+r"(at));  // or the compiler would make one addition of both
  return at;
}

/// The value of `text` where it is 9 to 16 digits and nothing else, as times and ids are; -1 where it is not. No optional:
/// compilers put one together in memory, and wait for it.
[[nodiscard]] inline std::int64_t whole_number(std::string_view text) noexcept {
  if (text.size() < 9 || text.size() > 16) return -1;
  const int rest = static_cast<int>(text.size()) - 8;
  const std::uint64_t first = load_word(text.data()) ^ zeros_word;
  const std::uint64_t last = last_values(text.data() + text.size(), rest);
  if ((others_among(first) | others_among(last)) != 0) return -1;
  return static_cast<std::int64_t>(value_of_digits(first) * small_power_of_ten(rest) + value_of_digits(last));
}

struct Digits {
  std::uint64_t value;
  int count;
};

/// How many digits `text` begins with, 24 at most. Precondition: 24 bytes are readable.
[[nodiscard]] inline int count_digits(const char* text) noexcept {
  int count = digits_in(load_word(text));
  for (int part = 1; part < 3 && count == 8 * part; ++part) count += digits_in(load_word(text + 8 * part));
  return count;
}

/// The digits at the beginning of `text`, at most 24 of them: a larger number has `value` wrong and `count` right.
/// Precondition: 24 bytes are readable.
[[nodiscard]] inline Digits read_digits(const char* text) noexcept {
  Digits digits{0, 0};
  for (int part = 0; part < 3; ++part) {
    const std::uint64_t word = load_word(text + 8 * part);
    const int count = digits_in(word);
    if (count == 0) break;
    digits.value = digits.value * small_power_of_ten(count) + value_of(word, count);
    digits.count += count;
    if (count < 8) break;
  }
  return digits;
}

}  // namespace tapeline
