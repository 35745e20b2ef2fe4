// Whether a price is absurd beside the instrument's last prices: robust, so that one bad tick hides no other.
//
//   m    median of the last N accepted prices (mean of the middle two where N is even)
//   MAD  median of their |x - m|;   z = 0.6745 |x - m| / MAD, which for a normal distribution counts sigmas
// An outlier is a price with z >= z_min whose distance from m is also more than pct_min percent of m. Where MAD is 0 (most
// prices equal) the second condition decides alone. The window is exact at every price, nothing is estimated.
//
// Input     prices > 0. Judged from the outlier_window_min-th accepted price on.
// Output    An outlier does not enter the window: it cannot excuse the next one. `shift` of them in a row on one side are
//           a new level: the last of them is accepted, and the window starts anew with it.
// Cost      O(1) while the price is within pct_min of all the window's: no distance from m can be larger. Else the two
//           medians, O(N). No allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/base/check.hpp"
#include "core/quality/config.hpp"

namespace tapeline {

enum class PriceLevel : std::uint8_t { ordinary, outlier, new_level };

class OutlierWindow {
 public:
  struct Judgement {
    PriceLevel level = PriceLevel::ordinary;
    double median = 0;  // of an outlier or a new level: what it was compared with
    double z = 0;       // infinite where MAD is 0

    friend bool operator==(const Judgement&, const Judgement&) = default;
  };

  /// Precondition: price > 0, and outlier_window_min <= config.outlier_window <= outlier_window_max.
  Judgement add(double price, const QualityConfig& config) noexcept {
    TL_DCHECK(price > 0);
    const double share = config.outlier_pct_min / 100;
    const double spread = std::max(price - lowest_, highest_ - price);
    if (count_ < outlier_window_min || spread <= share * lowest_) {
      accept(price, config.outlier_window);
      return {};
    }
    return judge(price, share, config);
  }

  /// Accepted prices that the next one is compared with.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  /// Precondition: count() > 0.
  [[nodiscard]] double median() const noexcept {
    std::array<double, outlier_window_max> sorted = prices_;
    return median_of(sorted);
  }

  friend bool operator==(const OutlierWindow&, const OutlierWindow&) = default;

 private:
  void accept(double price, std::uint32_t length) noexcept {
    run_ = 0;
    prices_[next_] = price;
    next_ = next_ + 1 == length ? 0 : next_ + 1;
    count_ = std::min(count_ + 1, length);
    lowest_ = std::min(lowest_, price);
    highest_ = std::max(highest_, price);
  }

  [[gnu::noinline]] Judgement judge(double price, double share, const QualityConfig& config) noexcept {
    // Extremes that have left the window may still be in the bounds.
    const auto [lowest, highest] = std::minmax_element(prices_.begin(), prices_.begin() + count_);
    lowest_ = *lowest;
    highest_ = *highest;
    std::array<double, outlier_window_max> scratch = prices_;
    const double median = median_of(scratch);
    const double distance = std::abs(price - median);
    if (distance <= share * median) {
      accept(price, config.outlier_window);
      return {};
    }
    for (std::size_t i = 0; i < count_; ++i) scratch[i] = std::abs(prices_[i] - median);
    const double deviation = median_of(scratch);
    const double z = deviation > 0 ? 0.6745 * distance / deviation : std::numeric_limits<double>::infinity();
    if (z < config.outlier_z) {
      accept(price, config.outlier_window);
      return {};
    }
    const bool is_above = price > median;
    run_ = is_above == is_run_above_ ? run_ + 1 : 1;
    is_run_above_ = is_above;
    if (run_ < config.outlier_shift) return {PriceLevel::outlier, median, z};
    *this = OutlierWindow();
    accept(price, config.outlier_window);
    return {PriceLevel::new_level, median, z};
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
  std::uint32_t next_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t run_ = 0;  // outliers since the last accepted price, on one side
  bool is_run_above_ = false;
  std::array<double, outlier_window_max> prices_{};
};

}  // namespace tapeline
