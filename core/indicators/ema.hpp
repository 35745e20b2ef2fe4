// Exponential moving average (docs/definitions.md).
//   alpha = 2 / (N + 1)
//   seed  ema = mean of the first N closes;   then   ema += alpha * (close - ema)
// The seed is TA-Lib's: TA_INT_EMA of ta_EMA.c averages the first N values unless its compatibility is set to Metastock,
// which starts with the first value alone.
//
// What is kept is not ema but its deviation from the newest close, which obeys
//   deviation' = (1 - alpha) * (deviation - (close' - close))
// and never meets the price: it is as exact as the moves are, however small they are beside the price.
//
// Output    within 1e-16 / alpha relative, after any number of closes.
// Warm-up   N closes. Two starts then converge as (1 - alpha)^k.
// Cost      O(1), no window.
#pragma once

#include "core/base/check.hpp"
#include "core/indicators/kernel.hpp"

namespace tapeline {

class Ema {
 public:
  using Output = double;
  static constexpr std::uint32_t length_min = 1;

  explicit Ema(std::uint32_t length)
      : keep_((static_cast<double>(checked_length("ema", length, length_min)) - 1) / (static_cast<double>(length) + 1)),
        length_(length) {}

  void update(std::int64_t close) noexcept {
    TL_DCHECK(close > 0);
    if (seen_ + 1 >= length_) {
      deviation_ = deviation_after(close);
      seed_sum_ = 0;
    } else {
      seed_sum_ += close;
    }
    last_close_ = close;
    ++seen_;
  }

  /// In prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<double> value(double unit = 1.0) const noexcept {
    if (!ready()) return std::nullopt;
    return (static_cast<double>(last_close_) + deviation_) / unit;
  }
  [[nodiscard]] std::optional<double> peek(std::int64_t close, double unit = 1.0) const noexcept {
    if (seen_ + 1 < length_) return std::nullopt;
    return (static_cast<double>(close) + deviation_after(close)) / unit;
  }

  /// How far the average is above the newest close, in mantissas. Precondition: ready().
  [[nodiscard]] double deviation() const noexcept { return deviation_; }
  /// The same as update(close) would leave it. Precondition: one more close makes, or keeps, it ready.
  [[nodiscard]] double deviation_after(std::int64_t close) const noexcept {
    if (seen_ >= length_) return faded(keep_ * (deviation_ - static_cast<double>(close - last_close_)));
    const Int128 above = seed_sum_ + close - Int128{close} * length_;
    return static_cast<double>(above) / static_cast<double>(length_);
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return length_; }
  [[nodiscard]] bool ready() const noexcept { return seen_ >= length_; }
  /// How far the value is from its start, in bars; 0 for the seed itself. Precondition: ready().
  [[nodiscard]] std::uint64_t bars_since_seed() const noexcept { return seen_ - length_; }

  [[nodiscard]] bool fits(std::int64_t factor) const noexcept {
    std::int64_t close = 0;
    Int128 sum = 0;
    return !__builtin_mul_overflow(last_close_, factor, &close) &&
           !__builtin_mul_overflow(seed_sum_, Int128{factor}, &sum);
  }
  void rescale(std::int64_t factor) noexcept {
    last_close_ *= factor;
    seed_sum_ *= factor;
    deviation_ *= static_cast<double>(factor);
  }
  void reset() noexcept { *this = Ema(length_); }

  void archive(auto& archive) { archive(seed_sum_, last_close_, deviation_, seen_); }

  friend bool operator==(const Ema&, const Ema&) = default;

 private:
  Int128 seed_sum_ = 0;  // of the closes so far; 0 once there is a seed
  std::int64_t last_close_ = 0;
  double deviation_ = 0;
  double keep_;  // 1 - alpha
  std::uint64_t seen_ = 0;
  std::uint32_t length_;
};
static_assert(Kernel<Ema>);

}  // namespace tapeline
