// Relative Strength Index, Wilder's definition (docs/definitions.md).
//   seed   gain, loss = mean of the first N gains, losses;   then   gain, loss = (gain * (N - 1) + new) / N
//   rsi    = 100 * gain / (gain + loss)
// What is kept is N times that, which Wilder kept too: a seed that is a plain sum, and sum * (N - 1) / N + new. The ratio
// is the same, and nothing is divided on the way from one close to the next.
//
// Output    0..100. Flat market (both averages 0) is undefined: nullopt, unless value() is told what another tool says.
// Warm-up   N + 1 closes. Two starts then converge as (1 - 1/N)^k.
// Cost      O(1), no window.
#pragma once

#include <algorithm>

#include "core/base/check.hpp"
#include "core/indicators/kernel.hpp"
#include "core/indicators/variants.hpp"

namespace tapeline {

/// N times the averages; while the seed is taken, the sums of what has been seen.
struct RsiSums {
  double gain = 0;
  double loss = 0;

  [[nodiscard]] static double keep(std::uint32_t length) noexcept {
    return (static_cast<double>(length) - 1) / static_cast<double>(length);
  }

  [[nodiscard]] double total() const noexcept { return gain + loss; }
  /// Precondition: total() != 0.
  [[nodiscard]] double index() const noexcept { return 100 * gain / total(); }

  [[nodiscard]] RsiSums seeded(double new_gain, double new_loss) const noexcept {
    return {gain + new_gain, loss + new_loss};
  }
  [[nodiscard]] RsiSums after(double new_gain, double new_loss, double keep) const noexcept {
    // A quiet stretch shrinks both sums by one factor. Far below the least change (1 mantissa) that tells nothing any
    // more, and going on would end in subnormal numbers and a wrong ratio.
    if (new_gain == new_loss && total() < 0x1p-900) return *this;
    return {gain * keep + new_gain, loss * keep + new_loss};
  }

  friend bool operator==(const RsiSums&, const RsiSums&) = default;
};

class Rsi {
 public:
  using Output = double;
  static constexpr std::uint32_t length_min = 1;

  explicit Rsi(std::uint32_t length)
      : keep_(RsiSums::keep(checked_length("rsi", length, length_min))), length_(length) {}

  void update(std::int64_t close) noexcept {
    TL_DCHECK(close > 0);
    if (seen_ > 0) sums_ = after(close);
    last_close_ = close;
    seen_ += static_cast<std::uint32_t>(seen_ < length_ + 1);
  }

  [[nodiscard]] std::optional<double> value() const noexcept {
    if (!ready()) return std::nullopt;
    return index(sums_);
  }
  /// With what `flat_rsi` says where the market has not moved.
  [[nodiscard]] std::optional<double> value(FlatRsi flat_rsi) const noexcept {
    return flat() ? value_of(flat_rsi) : value();
  }
  [[nodiscard]] std::optional<double> peek(std::int64_t close) const noexcept {
    if (seen_ < length_) return std::nullopt;
    return index(after(close));
  }

  /// ready(), but undefined: the market has not moved since the start.
  [[nodiscard]] bool flat() const noexcept { return ready() && sums_.total() == 0; }
  [[nodiscard]] bool flat_after(std::int64_t close) const noexcept {
    return seen_ >= length_ && after(close).total() == 0;
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return std::size_t{length_} + 1; }
  [[nodiscard]] bool ready() const noexcept { return seen_ == length_ + 1; }

  [[nodiscard]] bool fits(std::int64_t factor) const noexcept {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(last_close_, factor, &product);
  }
  void rescale(std::int64_t factor) noexcept {
    last_close_ *= factor;
    sums_.gain *= static_cast<double>(factor);
    sums_.loss *= static_cast<double>(factor);
  }
  void reset() noexcept { *this = Rsi(length_); }

  void archive(auto& archive) { archive(last_close_, sums_.gain, sums_.loss, seen_); }

  friend bool operator==(const Rsi&, const Rsi&) = default;

 private:
  /// The sums after one more close. Precondition: at least one close before it.
  [[nodiscard]] RsiSums after(std::int64_t close) const noexcept {
    // In doubles, where the larger of two is an instruction: nobody predicts whether a close rises.
    const double change = static_cast<double>(close - last_close_);  // both are positive: it fits
    const double gain = std::max(0.0, change);
    const double loss = std::max(0.0, -change);
    return seen_ <= length_ ? sums_.seeded(gain, loss) : sums_.after(gain, loss, keep_);
  }

  [[nodiscard]] static std::optional<double> index(const RsiSums& sums) noexcept {
    if (sums.total() == 0) return std::nullopt;
    return sums.index();
  }

  std::int64_t last_close_ = 0;
  RsiSums sums_;
  double keep_;
  std::uint32_t length_;
  std::uint32_t seen_ = 0;  // closes, up to warmup()
};
static_assert(Kernel<Rsi>);
static_assert(sizeof(Rsi) == 40);

}  // namespace tapeline
