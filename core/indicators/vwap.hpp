// Volume-weighted average price of the session so far (docs/definitions.md).
//   vwap = sum(typical price * volume) / sum(volume), typical price = (high + low + close) / 3
// over the session's bars up to this one; a bar of another session begins anew. Where the series begins inside a
// session, that session counts from there.
//
// Output    exact sums, so within 1e-15 relative; nullopt until the session has traded a volume.
// Warm-up   1 bar.
// Cost      O(1), no window.
#pragma once

#include "core/base/check.hpp"
#include "core/indicators/kernel.hpp"
#include "core/indicators/wide_moments.hpp"

namespace tapeline {

class Vwap {
 public:
  using Output = double;

  void update(const IndicatorBar& bar) noexcept {
    TL_DCHECK(bar.high > 0 && bar.low > 0 && bar.close > 0 && bar.volume >= 0);
    if (bar.session != session_) reset();
    session_ = bar.session;
    const UInt256 volume{0, static_cast<UInt128>(bar.volume)};
    traded_ = traded_ + volume * static_cast<std::uint64_t>(bar.high) + volume * static_cast<std::uint64_t>(bar.low) +
              volume * static_cast<std::uint64_t>(bar.close);
    volume_ = volume_ + volume;
  }

  /// In prices, where `unit` mantissas make one.
  [[nodiscard]] std::optional<double> value(double unit = 1.0) const noexcept {
    if (volume_ == UInt256{}) return std::nullopt;
    return static_cast<double>(traded_.nearest() / (3 * volume_.nearest())) / unit;
  }

  [[nodiscard]] bool fits(BarFactors factors) const noexcept {
    // A bar adds less than 2^194: what is far below 2^256 now stays so for longer than any session.
    return traded_.nearest() * static_cast<long double>(factors.price) * static_cast<long double>(factors.volume) <
           0x1p240L;
  }
  void rescale(BarFactors factors) noexcept {
    traded_ = traded_ * static_cast<std::uint64_t>(factors.price) * static_cast<std::uint64_t>(factors.volume);
    volume_ = volume_ * static_cast<std::uint64_t>(factors.volume);
  }
  void reset() noexcept { *this = Vwap(); }

  void archive(auto& archive) { archive(traded_, volume_, session_); }

  friend bool operator==(const Vwap&, const Vwap&) = default;

 private:
  UInt256 traded_;  // sum of (high + low + close) * volume
  UInt256 volume_;
  std::int64_t session_ = 0;
};
static_assert(BarKernel<Vwap>);

}  // namespace tapeline
