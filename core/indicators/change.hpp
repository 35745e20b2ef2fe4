// Change of the close against the close before it, absolute and in percent (docs/definitions.md).
//
// Output    the difference is exact, the percentage is rounded twice.
// Warm-up   2 closes.
#pragma once

#include "core/base/check.hpp"
#include "core/indicators/kernel.hpp"

namespace tapeline {

struct PriceChange {
  double absolute = 0;
  double percent = 0;

  friend bool operator==(const PriceChange&, const PriceChange&) = default;
};

/// From one price to another, in mantissas; `absolute` in prices, where `unit` mantissas make one. Precondition: both > 0.
[[nodiscard]] inline PriceChange price_change(std::int64_t from, std::int64_t to, double unit) noexcept {
  const double difference = static_cast<double>(to - from);  // both are positive: it fits
  return {difference / unit, 100 * difference / static_cast<double>(from)};
}

class Change {
 public:
  using Output = PriceChange;

  void update(std::int64_t close) noexcept {
    TL_DCHECK(close > 0);
    previous_ = last_;
    last_ = close;
  }

  /// `absolute` in prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<PriceChange> value(double unit = 1.0) const noexcept {
    return between(previous_, last_, unit);
  }
  [[nodiscard]] std::optional<PriceChange> peek(std::int64_t close, double unit = 1.0) const noexcept {
    return between(last_, close, unit);
  }

  [[nodiscard]] std::size_t warmup() const noexcept { return 2; }
  [[nodiscard]] bool ready() const noexcept { return previous_ != 0; }
  [[nodiscard]] bool fits(std::int64_t factor) const noexcept {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(previous_, factor, &product) && !__builtin_mul_overflow(last_, factor, &product);
  }
  void rescale(std::int64_t factor) noexcept {
    previous_ *= factor;
    last_ *= factor;
  }
  void reset() noexcept { *this = Change(); }

  void archive(auto& archive) { archive(previous_, last_); }

  friend bool operator==(const Change&, const Change&) = default;

 private:
  [[nodiscard]] static std::optional<PriceChange> between(std::int64_t from, std::int64_t to, double unit) noexcept {
    if (from == 0) return std::nullopt;
    return price_change(from, to, unit);
  }

  std::int64_t previous_ = 0;  // 0: none yet
  std::int64_t last_ = 0;
};
static_assert(Kernel<Change>);

}  // namespace tapeline
