// Random numbers that are the same on every platform: xoshiro256** and distributions made of exact operations only.
//
// Why own   the distributions of <random> differ between standard libraries, and log, exp and sin between C libraries;
//           a seed that somebody reports must give the same market everywhere.
#pragma once

#include <array>
#include <cstdint>

namespace tapeline::feeds::simulator {

class Random {
 public:
  /// Two different `stream`s of one seed are independent of each other.
  Random(std::uint64_t seed, std::uint64_t stream) noexcept {
    std::uint64_t mix = seed * 0x9E37'79B9'7F4A'7C15ULL + stream * 0xD1B5'4A32'D192'ED03ULL;
    for (std::uint64_t& word : state_) word = splitmix(mix);
  }

  std::uint64_t next() noexcept {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// In [0, 1).
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }

  /// Mean 0, variance 1, within +-6: the sum of twelve uniforms of 16 bits (Irwin-Hall), exact in a double.
  double normal() noexcept {
    std::uint64_t sum = 0;
    for (int word = 0; word < 3; ++word) {
      std::uint64_t bits = next();
      for (int part = 0; part < 4; ++part, bits >>= 16) sum += bits & 0xFFFF;
    }
    return static_cast<double>(sum) * 0x1.0p-16 - 6.0 + 6.0 * 0x1.0p-16;
  }

  /// exp(sigma * normal): (1 + x/4096)^4096 by squaring, near enough to exp for |x| < 12 and exactly repeatable.
  double log_normal(double sigma) noexcept {
    double power = 1.0 + sigma * normal() / 4096.0;
    for (int doubling = 0; doubling < 12; ++doubling) power *= power;
    return power;
  }

 private:
  static std::uint64_t rotate(std::uint64_t value, int count) noexcept {
    return (value << count) | (value >> (64 - count));
  }
  static std::uint64_t splitmix(std::uint64_t& mix) noexcept {
    mix += 0x9E37'79B9'7F4A'7C15ULL;
    std::uint64_t value = mix;
    value = (value ^ (value >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D0'49BB'1331'11EBULL;
    return value ^ (value >> 31);
  }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace tapeline::feeds::simulator
