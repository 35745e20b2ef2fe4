// Whether a price is absurd beside the instrument's last prices: robust, so that one bad tick hides no other.
//
//   m      median of the last N accepted prices (mean of the middle two where N is even)
//   MAD    median of their |x - m|, but never less than what rounding alone makes of it, a quarter of a unit of their
//          finest scale: a coin of 0.00000041 has many equal prices, and 0.00000042 is no outlier
//   z      0.6745 |x - m| / MAD, which for a normal distribution counts sigmas
// An outlier is a price whose z is above z_min and whose distance from m is also more than pct_min percent of m. The
// window is exact at every price, nothing is estimated.
//
// Input     prices > 0. Judged from the outlier_window_min-th accepted price on.
// Output    An outlier does not enter the window: it cannot excuse the next one. `shift` of them in a row on one side are
//           a new level: the last of them is accepted, and the window starts anew with it.
// Cost      O(1) while the price is within the limits of all the window's: it cannot be further from m. Else the two
//           medians, O(N). No allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "core/base/check.hpp"
#include "core/base/decimal.hpp"
#include "core/quality/config.hpp"

namespace tapeline {

enum class PriceLevel : std::uint8_t { ordinary, outlier, new_level };

class OutlierWindow {
 public:
  struct Judgement {
    PriceLevel level = PriceLevel::ordinary;
    double median = 0;  // of an outlier or a new level: what it was compared with
    double z = 0;

    friend bool operator==(const Judgement&, const Judgement&) = default;
  };

  /// Precondition: price > 0, and outlier_window_min <= config.outlier_window <= outlier_window_max.
  Judgement add(Decimal price, const QualityConfig& config) noexcept {
    TL_DCHECK(price.mantissa > 0);
    const double value = to_double(price);
    const double spread = std::max(value - lowest_, highest_ - value);
    Judgement judgement;
    if (count_ >= outlier_window_min && spread > limit(lowest_, rounding_, config)) judgement = judge(value, config);
    if (judgement.level == PriceLevel::outlier) return judgement;
    if (judgement.level == PriceLevel::new_level) *this = OutlierWindow();
    accept(price, value, config.outlier_window);
    return judgement;
  }

  /// Accepted prices that the next one is compared with.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  /// Precondition: count() > 0.
  [[nodiscard]] double median() const noexcept {
    std::array<double, outlier_window_max> sorted = prices_;
    return median_of(sorted);
  }

  void archive(auto& archive) {
    archive(lowest_, highest_, rounding_, next_, count_, run_, is_run_above_, exponent_);
    archive.require(next_ < prices_.size() && count_ <= prices_.size());
    if (count_ <= prices_.size()) archive(std::span(prices_).first(count_));
  }

  friend bool operator==(const OutlierWindow&, const OutlierWindow&) = default;

 private:
  static constexpr double mad_of_sigma = 0.6745;  // of a normal distribution

  /// Prices further from the median than this are outliers. Grows with both arguments: what is below the limit for less
  /// than the median and the MAD is below it for them.
  [[nodiscard]] static double limit(double median, double deviation, const QualityConfig& config) noexcept {
    return std::max(config.outlier_pct_min / 100 * median, config.outlier_z * deviation / mad_of_sigma);
  }

  void accept(Decimal price, double value, std::uint32_t length) noexcept {
    if (price.exponent < exponent_) {
      exponent_ = price.exponent;
      rounding_ = to_double(Decimal{1, exponent_}) / 4;
    }
    run_ = 0;
    prices_[next_] = value;
    next_ = next_ + 1 == length ? 0 : next_ + 1;
    count_ = std::min(count_ + 1, length);
    lowest_ = std::min(lowest_, value);
    highest_ = std::max(highest_, value);
  }

  [[gnu::noinline]] Judgement judge(double price, const QualityConfig& config) noexcept {
    // Extremes that have left the window may still be in the bounds.
    const auto [lowest, highest] = std::minmax_element(prices_.begin(), prices_.begin() + count_);
    lowest_ = *lowest;
    highest_ = *highest;
    std::array<double, outlier_window_max> scratch = prices_;
    const double median = median_of(scratch);
    const double distance = std::abs(price - median);
    if (distance <= limit(median, rounding_, config)) return {};
    for (std::size_t i = 0; i < count_; ++i) scratch[i] = std::abs(prices_[i] - median);
    const double deviation = std::max(median_of(scratch), rounding_);
    if (distance <= limit(median, deviation, config)) return {};
    const bool is_above = price > median;
    run_ = is_above == is_run_above_ ? run_ + 1 : 1;
    is_run_above_ = is_above;
    const PriceLevel level = run_ < config.outlier_shift ? PriceLevel::outlier : PriceLevel::new_level;
    return {level, median, mad_of_sigma * distance / deviation};
  }

  /// Reorders the first count_ of `values`.
  [[nodiscard]] double median_of(std::array<double, outlier_window_max>& values) const noexcept {
    const auto middle = values.begin() + count_ / 2;
    std::nth_element(values.begin(), middle, values.begin() + count_);
    if (count_ % 2 == 1) return *middle;
    return (*std::max_element(values.begin(), middle) + *middle) / 2;
  }

  double lowest_ = std::numeric_limits<double>::infinity();  // no price of the window is below,
  double highest_ = 0;                                       // none above
  double rounding_ = 0.25;  // a quarter of a unit of the finest scale since the window began
  std::uint32_t next_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t run_ = 0;  // outliers since the last accepted price, on one side
  bool is_run_above_ = false;
  std::int8_t exponent_ = 0;  // that scale
  std::array<double, outlier_window_max> prices_{};
};

}  // namespace tapeline
