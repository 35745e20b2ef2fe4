// The definitions, written down naively: two passes over the window, exact integers where they matter, else long
// double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/base/decimal.hpp"
#include "tests/conformance/kernels/series.hpp"

namespace tapeline::conformance {

using Closes = std::span<const std::int64_t>;
using Bars = std::span<const IndicatorBar>;

#ifdef __SIZEOF_FLOAT128__
__extension__ using Quad = __float128;
#else
using Quad = long double;  // 113 bits as well on most machines that lack the other
#endif

inline Int128 exact_sum(Closes window) {
  Int128 sum = 0;
  for (const std::int64_t close : window) sum += close;
  return sum;
}

inline long double mean(Closes window) {
  return static_cast<long double>(exact_sum(window)) / static_cast<long double>(window.size());
}

inline long double population_sigma(Closes window) {
  const Int128 count = static_cast<Int128>(window.size());
  const Int128 sum = exact_sum(window);
  long double total = 0;
  for (const std::int64_t close : window) {
    const auto deviation = static_cast<long double>(close * count - sum);
    total += deviation * deviation;
  }
  return std::sqrt(total / static_cast<long double>(count)) / static_cast<long double>(count);
}

/// Of the returns between neighbours in `window`: one fewer than it has closes.
inline long double sample_volatility(Closes window) {
  std::vector<long double> returns;
  for (std::size_t i = 1; i < window.size(); ++i) {
    const auto difference = static_cast<long double>(Int128{window[i]} - window[i - 1]);
    returns.push_back(window[i] > window[i - 1] / 2
                          ? std::log1p(difference / static_cast<long double>(window[i - 1]))
                          : std::log(static_cast<long double>(window[i]) / static_cast<long double>(window[i - 1])));
  }
  long double sum = 0;
  for (const long double r : returns) sum += r;
  const long double middle = sum / static_cast<long double>(returns.size());
  long double total = 0;
  for (const long double r : returns) total += (r - middle) * (r - middle);
  return std::sqrt(total / static_cast<long double>(returns.size() - 1));
}

/// Wilder's index over the whole history.
class WilderIndex {
 public:
  explicit WilderIndex(std::size_t length) : length_(length) {}

  void update(std::int64_t close) {
    if (seen_ > 0) {
      const auto change = static_cast<long double>(Int128{close} - last_);
      const auto n = static_cast<long double>(length_);
      const bool seeding = seen_ <= length_;
      gain_ = (seeding ? gain_ : gain_ * (n - 1) / n) + std::max(change, 0.0L) / n;
      loss_ = (seeding ? loss_ : loss_ * (n - 1) / n) + std::max(-change, 0.0L) / n;
    }
    last_ = close;
    ++seen_;
  }
  /// nullopt where it is flat.
  [[nodiscard]] std::optional<long double> value() const {
    if (gain_ + loss_ == 0) return std::nullopt;
    return 100 * gain_ / (gain_ + loss_);
  }

 private:
  std::size_t length_;
  std::size_t seen_ = 0;
  std::int64_t last_ = 0;
  long double gain_ = 0;
  long double loss_ = 0;
};

/// Exponential average over the whole history, in quadruple precision, by its definition.
class ExponentialMean {
 public:
  explicit ExponentialMean(std::size_t length) : length_(length) {}

  void update(Quad value) {
    const Quad n = static_cast<Quad>(length_);
    if (++seen_ <= length_) {
      mean_ += value / n;
    } else {
      mean_ += (value - mean_) * 2 / (n + 1);
    }
  }
  [[nodiscard]] bool ready() const { return seen_ >= length_; }
  [[nodiscard]] Quad value() const { return mean_; }

 private:
  std::size_t length_;
  std::size_t seen_ = 0;
  Quad mean_ = 0;
};

/// Wilder's average true range over the whole history, in quadruple precision.
class WilderRange {
 public:
  explicit WilderRange(std::size_t length) : length_(length) {}

  void update(const IndicatorBar& bar) {
    if (seen_++ > 0) {
      const std::int64_t range = std::max({bar.high - bar.low, std::abs(bar.high - last_), std::abs(bar.low - last_)});
      const Quad n = static_cast<Quad>(length_);
      mean_ = (seen_ <= length_ + 1 ? mean_ : mean_ * (n - 1) / n) + static_cast<Quad>(range) / n;
    }
    last_ = bar.close;
  }
  [[nodiscard]] Quad value() const { return mean_; }

 private:
  std::size_t length_;
  std::size_t seen_ = 0;
  std::int64_t last_ = 0;
  Quad mean_ = 0;
};

/// Of the bars of the last one's session.
inline std::optional<Quad> session_vwap(Bars history) {
  Quad traded = 0;
  Quad volume = 0;
  for (const IndicatorBar& bar : history) {
    if (bar.session != history.back().session) continue;
    traded += static_cast<Quad>(Int128{bar.high} + bar.low + bar.close) / 3 * static_cast<Quad>(bar.volume);
    volume += static_cast<Quad>(bar.volume);
  }
  if (volume == 0) return std::nullopt;
  return traded / volume;
}

/// Of the last volume among all of `window`, which is what it is squared: sign(z) * z^2, for quads have no root.
inline std::optional<Quad> signed_square_zscore(Bars window) {
  const Quad count = static_cast<Quad>(window.size());
  Quad mean = 0;
  for (const IndicatorBar& bar : window) mean += static_cast<Quad>(bar.volume) / count;
  Quad variance = 0;
  for (const IndicatorBar& bar : window) {
    variance += (static_cast<Quad>(bar.volume) - mean) * (static_cast<Quad>(bar.volume) - mean) / count;
  }
  const bool all_equal = std::all_of(window.begin(), window.end(),
                                     [&](const IndicatorBar& bar) { return bar.volume == window.front().volume; });
  if (all_equal) return std::nullopt;
  const Quad distance = static_cast<Quad>(window.back().volume) - mean;
  return (distance < 0 ? -distance : distance) * distance / variance;
}

}  // namespace tapeline::conformance
