// Series of closes that markets do and kernels dislike; the same on every machine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/indicators/indicator_bar.hpp"

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

using BarSeries = std::vector<IndicatorBar>;

inline constexpr std::int64_t session_bars = 24;

/// Hourly bars with these closes, each opening where the one before closed; highs and lows reach up to `reach` beyond,
/// as far as prices stay above 0.
inline BarSeries bars_of(const Series& closes, std::int64_t reach, std::uint64_t seed = 7) {
  constexpr Nanos hour_ns = 3'600 * nanos_per_second;
  Dice dice(seed);
  BarSeries bars;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const std::int64_t open = i == 0 ? closes[0] : closes[i - 1];
    const std::int64_t above = reach + dice.step(reach);
    const std::int64_t below = reach + dice.step(reach);
    bars.push_back({.open = open,
                    .high = std::max(open, closes[i]) + above / 2,
                    .low = std::max(std::min(open, closes[i]) - below / 2, std::int64_t{1}),
                    .close = closes[i],
                    .volume = 50'000 + dice.step(49'999),
                    .start_ns = index * hour_ns,
                    .end_ns = (index + 1) * hour_ns,
                    .session = index / session_bars});
  }
  return bars;
}

}  // namespace tapeline::conformance
