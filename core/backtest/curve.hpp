// What the run of an account's equity comes to, point by point: nothing is kept but sums.
//
// Threads   One; a value.
// Ordering  Points ascend by time. A function of the points alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/backtest/money.hpp"
#include "core/base/time.hpp"

namespace tapeline::backtest {

struct EquityPoint {
  Nanos time_ns;
  Money equity;
  Money cash;
  Money exposure;
};

class Curve {
 public:
  explicit Curve(Money initial_cash) noexcept : last_(initial_cash), before_(to_double(initial_cash)), high_(before_) {}

  void add(const EquityPoint& point) noexcept {
    if (points_++ == 0) first_ns_ = high_ns_ = point.time_ns;
    last_ns_ = point.time_ns;
    last_ = point.equity;
    const double equity = to_double(point.equity);
    // Welford's mean and sum of squares; the downside is measured from zero.
    if (before_ > 0) {
      const double change = equity == before_ ? 0 : equity / before_ - 1;
      const double delta = change - mean_;
      mean_ += delta / static_cast<double>(++returns_);
      squares_ += delta * (change - mean_);
      if (change < 0) downside_ += change * change;
    }
    is_ruined_ = is_ruined_ || equity <= 0;
    before_ = equity;
    equity_sum_ += equity;
    if (point.exposure > 0) {
      ++in_market_;
      if (equity > 0) exposure_sum_ += to_double(point.exposure) / equity;
    }
    if (equity >= high_) {
      high_ = equity;
      high_ns_ = point.time_ns;
    } else {
      drawdown_max_ = std::max(drawdown_max_, 1 - equity / high_);
      drawdown_ns_max_ = std::max(drawdown_ns_max_, point.time_ns - high_ns_);
    }
  }

  [[nodiscard]] std::uint64_t points() const noexcept { return points_; }
  /// Preconditions: points() > 0.
  [[nodiscard]] Nanos first_ns() const noexcept { return first_ns_; }
  [[nodiscard]] Nanos last_ns() const noexcept { return last_ns_; }

  /// The initial cash before the first point.
  [[nodiscard]] Money last() const noexcept { return last_; }
  /// Whether there was a moment with nothing left.
  [[nodiscard]] bool is_ruined() const noexcept { return is_ruined_; }
  /// From point to point, the initial cash being the first; those from nothing left are none.
  [[nodiscard]] std::uint64_t returns() const noexcept { return returns_; }
  [[nodiscard]] double return_mean() const noexcept { return mean_; }
  /// Sum of the squares of what the returns differ from their mean.
  [[nodiscard]] double return_squares() const noexcept { return squares_; }
  /// Sum of the squares of the negative returns.
  [[nodiscard]] double downside_squares() const noexcept { return downside_; }
  [[nodiscard]] double equity_sum() const noexcept { return equity_sum_; }
  /// Sum of exposure over equity.
  [[nodiscard]] double exposure_sum() const noexcept { return exposure_sum_; }
  [[nodiscard]] std::uint64_t points_in_market() const noexcept { return in_market_; }
  /// Of the highest equity before.
  [[nodiscard]] double drawdown_max() const noexcept { return drawdown_max_; }
  [[nodiscard]] Nanos drawdown_ns_max() const noexcept { return drawdown_ns_max_; }

 private:
  std::uint64_t points_ = 0;
  Nanos first_ns_ = 0;
  Nanos last_ns_ = 0;
  Money last_;
  double before_;
  double high_;
  Nanos high_ns_ = 0;
  double mean_ = 0;
  double squares_ = 0;
  double downside_ = 0;
  double equity_sum_ = 0;
  double exposure_sum_ = 0;
  double drawdown_max_ = 0;
  Nanos drawdown_ns_max_ = 0;
  std::uint64_t returns_ = 0;
  std::uint64_t in_market_ = 0;
  bool is_ruined_ = false;
};

}  // namespace tapeline::backtest
