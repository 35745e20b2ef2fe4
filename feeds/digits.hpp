// Decimal digits of text, eight at a time in one 64-bit word: what the readers of known message shapes share.
//
// Input     pointers to text that is followed by readable bytes: at least as many as a function says that it looks at.
// Cost      a few instructions for eight digits, no table but that of the powers of ten.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace tapeline::feeds {

static_assert(std::endian::native == std::endian::little, "the first character is the lowest byte");

[[nodiscard]] inline std::uint64_t load_word(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline constexpr std::uint64_t zeros_word = 0x3030'3030'3030'3030;  // "00000000"

/// How many of the word's characters, from its first on, are digits: 0 to 8.
[[nodiscard]] inline int digits_in(std::uint64_t word) noexcept {
  const std::uint64_t values = word ^ zeros_word;  // 0 to 9 where there is a digit, and nowhere else
  const std::uint64_t others =
      (((values & 0x7f7f'7f7f'7f7f'7f7f) + 0x7676'7676'7676'7676) | values) & 0x8080'8080'8080'8080;
  return others == 0 ? 8 : std::countr_zero(others) / 8;
}

/// Value of the word's first `count` characters. Precondition: they are digits, 1 <= count <= 8.
[[nodiscard]] inline std::uint64_t value_of(std::uint64_t word, int count) noexcept {
  // The digits move to the word's end; zeros take their place.
  std::uint64_t values = (word ^ zeros_word) << (64 - 8 * count);
  values = values * 10 + (values >> 8);  // in every second byte a number of two digits
  constexpr std::uint64_t mask = 0x0000'00ff'0000'00ff;
  constexpr std::uint64_t first = 0x000f'4240'0000'0064;   // 100 and 1,000,000
  constexpr std::uint64_t second = 0x0000'2710'0000'0001;  // 1 and 10,000
  return ((values & mask) * first + ((values >> 16) & mask) * second) >> 32;
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

}  // namespace tapeline::feeds
