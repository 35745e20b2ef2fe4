// Change of the close against the open of the trading session (docs/definitions.md).
//   reference = open of the session's first bar
// A series that begins inside a session has not seen its open: the reference is missing until the next session begins.
//
// Output    the difference is exact, the percentage is rounded twice; nullopt where the reference is missing.
// Cost      O(1), no window.
#pragma once

#include "core/base/check.hpp"
#include "core/indicators/change.hpp"

namespace tapeline {

class ChangeSession {
 public:
  using Output = PriceChange;

  void update(const IndicatorBar& bar) noexcept {
    TL_DCHECK(bar.open > 0 && bar.close > 0);
    if (last_close_ != 0 && bar.session != session_) session_open_ = bar.open;
    session_ = bar.session;
    last_close_ = bar.close;
  }

  /// `absolute` in prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<PriceChange> value(double unit = 1.0) const noexcept {
    if (session_open_ == 0) return std::nullopt;
    return price_change(session_open_, last_close_, unit);
  }

  [[nodiscard]] bool fits(BarFactors factors) const noexcept {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(session_open_, factors.price, &product) &&
           !__builtin_mul_overflow(last_close_, factors.price, &product);
  }
  void rescale(BarFactors factors) noexcept {
    session_open_ *= factors.price;
    last_close_ *= factors.price;
  }
  void reset() noexcept { *this = ChangeSession(); }

  void archive(auto& archive) { archive(session_open_, last_close_, session_); }

  friend bool operator==(const ChangeSession&, const ChangeSession&) = default;

 private:
  std::int64_t session_open_ = 0;  // 0: not seen
  std::int64_t last_close_ = 0;    // 0: none yet
  std::int64_t session_ = 0;
};
static_assert(BarKernel<ChangeSession>);

}  // namespace tapeline
