// Series of closes that markets do and kernels dislike; the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tapeline::conformance {

using Series = std::vector<std::int64_t>;

/// splitmix64: the standard's distributions differ between libraries.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// -reach..reach
  std::int64_t step(std::int64_t reach) {
    return static_cast<std::int64_t>(bits() % (2 * static_cast<std::uint64_t>(reach) + 1)) - reach;
  }

 private:
  std::uint64_t state_;
};

/// A walk that bounces off a quarter and four times its start.
inline Series random_walk(std::size_t count, std::int64_t start, std::int64_t reach, std::uint64_t seed = 1) {
  Dice dice(seed);
  Series closes;
  std::int64_t close = start;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t next = close + dice.step(reach);
    if (next > start / 4 && next < start * 4) close = next;
    closes.push_back(close);
  }
  return closes;
}

/// Noise around one price: sigma is reach / sqrt(3).
inline Series quiet(std::size_t count, std::int64_t price, std::int64_t reach, std::uint64_t seed = 1) {
  Dice dice(seed);
  Series closes;
  for (std::size_t i = 0; i < count; ++i) closes.push_back(price + dice.step(reach));
  return closes;
}

inline Series line(std::size_t count, std::int64_t start, std::int64_t slope) {
  Series closes;
  for (std::size_t i = 0; i < count; ++i) closes.push_back(start + static_cast<std::int64_t>(i) * slope);
  return closes;
}

inline Series then(Series first, const Series& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace tapeline::conformance
