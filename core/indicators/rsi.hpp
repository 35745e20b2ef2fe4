// Relative Strength Index, Wilder's definition (docs/definitions.md).
//   seed   gain, loss = mean of the first N gains, losses;   then   gain, loss = (gain * (N - 1) + new) / N
//   rsi    = 100 * gain / (gain + loss)
//
// Output    0..100. Flat market (both averages 0) is undefined: nullopt, unless value() is told what another tool says.
// Warm-up   N + 1 closes. Two starts then converge as (1 - 1/N)^k.
// Cost      O(1), no window.
#pragma once

#include "core/base/check.hpp"
#include "core/indicators/kernel.hpp"
#include "core/indicators/variants.hpp"

namespace tapeline {

class Rsi {
 public:
  using Output = double;
  static constexpr std::uint32_t length_min = 1;

  explicit Rsi(std::uint32_t length) : length_(checked_length("rsi", length, length_min)) {}

  void update(std::int64_t close) noexcept {
    TL_DCHECK(close > 0);
    if (seen_ > 0) averages_ = after(close);
    last_close_ = close;
    seen_ += static_cast<std::uint32_t>(seen_ < length_ + 1);
  }

  [[nodiscard]] std::optional<double> value() const noexcept {
    if (!ready()) return std::nullopt;
    return index(averages_);
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
  [[nodiscard]] bool flat() const noexcept { return ready() && averages_.total() == 0; }
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
    averages_.gain *= static_cast<double>(factor);
    averages_.loss *= static_cast<double>(factor);
  }
  void reset() noexcept { *this = Rsi(length_); }

  friend bool operator==(const Rsi&, const Rsi&) = default;

 private:
  struct Averages {
    double gain = 0;  // until the seed is complete: the sums of what has been seen
    double loss = 0;

    [[nodiscard]] double total() const noexcept { return gain + loss; }
    friend bool operator==(const Averages&, const Averages&) = default;
  };

  /// The averages after one more close. Precondition: at least one close before it.
  [[nodiscard]] Averages after(std::int64_t close) const noexcept {
    const std::int64_t change = close - last_close_;  // both are positive: it fits
    const double gain = static_cast<double>(change > 0 ? change : 0);
    const double loss = static_cast<double>(change < 0 ? -change : 0);
    const double length = length_;
    if (seen_ <= length_) {  // the seed: N changes, each counted once
      const Averages sums{averages_.gain + gain, averages_.loss + loss};
      return seen_ < length_ ? sums : Averages{sums.gain / length, sums.loss / length};
    }
    // A quiet stretch shrinks both averages by one factor. Far below the least change (1 mantissa) that tells nothing
    // any more, and going on would end in subnormal numbers and a wrong ratio.
    if (change == 0 && averages_.total() < 0x1p-900) return averages_;
    return {(averages_.gain * (length - 1) + gain) / length, (averages_.loss * (length - 1) + loss) / length};
  }

  [[nodiscard]] static std::optional<double> index(const Averages& averages) noexcept {
    if (averages.total() == 0) return std::nullopt;
    return 100 * averages.gain / averages.total();
  }

  std::int64_t last_close_ = 0;
  Averages averages_;
  std::uint32_t length_;
  std::uint32_t seen_ = 0;  // closes, up to warmup()
};
static_assert(Kernel<Rsi>);
static_assert(sizeof(Rsi) == 32);

}  // namespace tapeline
