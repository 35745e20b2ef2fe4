// Four doubles that one instruction works on, where the processor has such; operators are the compiler's own.
//
// Compilers that find such fours by themselves do so today and not tomorrow: where the cost depends on it, it is written.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX__) && defined(__FMA__)
#include <immintrin.h>
#endif

namespace tapeline {

using Pack = double __attribute__((vector_size(32)));

using IntPack = std::int64_t __attribute__((vector_size(32)));

inline constexpr std::size_t pack_size = 4;

[[nodiscard]] inline Pack load_pack(const double* from) noexcept {
  Pack pack;
  std::memcpy(&pack, from, sizeof pack);
  return pack;
}
[[nodiscard]] inline IntPack load_pack(const std::int64_t* from) noexcept {
  IntPack pack;
  std::memcpy(&pack, from, sizeof pack);
  return pack;
}
inline void store_pack(Pack pack, double* to) noexcept { std::memcpy(to, &pack, sizeof pack); }
[[nodiscard]] inline Pack pack_of(double value) noexcept { return Pack{value, value, value, value}; }
[[nodiscard]] inline IntPack pack_of(std::int64_t value) noexcept { return IntPack{value, value, value, value}; }

/// Of integers below 2^51, exactly; of others something.
[[nodiscard]] inline Pack to_doubles(IntPack x) noexcept {
  constexpr double origin = 0x1.8p52;  // what is added to its bits is added to it
  return std::bit_cast<Pack>(x + pack_of(std::bit_cast<std::int64_t>(origin))) - pack_of(origin);
}

/// std::sqrt of each.
[[nodiscard]] inline Pack square_root(Pack x) noexcept {
#if defined(__AVX__) && defined(__FMA__)
  return _mm256_sqrt_pd(x);
#else
  return Pack{std::sqrt(x[0]), std::sqrt(x[1]), std::sqrt(x[2]), std::sqrt(x[3])};
#endif
}

/// a * b + c, rounded once.
[[nodiscard]] inline Pack multiply_add(Pack a, Pack b, Pack c) noexcept {
#if defined(__AVX__) && defined(__FMA__)
  return _mm256_fmadd_pd(a, b, c);
#else
  return Pack{std::fma(a[0], b[0], c[0]), std::fma(a[1], b[1], c[1]), std::fma(a[2], b[2], c[2]),
              std::fma(a[3], b[3], c[3])};
#endif
}

/// The larger of each two; of equal ones the second.
[[nodiscard]] inline Pack larger(Pack a, Pack b) noexcept {
#if defined(__AVX__) && defined(__FMA__)
  return _mm256_max_pd(a, b);
#else
  return a > b ? a : b;
#endif
}

}  // namespace tapeline
