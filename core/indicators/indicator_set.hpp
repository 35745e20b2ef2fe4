// All indicators of one series: one instrument, one bar interval.
//
// Threads   One at a time; a value that can be copied.
// Units     Closes are mantissa * 10^exponent, exponent in [-30, 0], and need not share one. Values are prices.
// Input     closes > 0 of closed bars, in order.
// Output    Doubles; NaN where undefined, nowhere else. A function of the closes' values, whatever exponents they come at.
// Failure   The constructor throws std::invalid_argument on impossible options. After that nothing fails: where a close
//           and those before it do not fit 64 bits at one exponent, the series starts again with that close (resets()).
// Cost      O(1), no allocation.
#pragma once

#include <cstdint>
#include <limits>

#include "core/bars/config.hpp"
#include "core/indicators/bollinger.hpp"
#include "core/indicators/change.hpp"
#include "core/indicators/rsi.hpp"
#include "core/indicators/sma.hpp"
#include "core/indicators/volatility.hpp"

namespace tapeline {

struct IndicatorValues {
  static constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

  double sma = undefined;
  double rsi = undefined;
  double bb_mid = undefined;
  double bb_sigma = undefined;
  double bb_upper = undefined;
  double bb_lower = undefined;
  double percent_b = undefined;
  double bandwidth = undefined;
  double volatility = undefined;  // per bar
  double volatility_annual = undefined;
  double change = undefined;  // against the close before
  double change_pct = undefined;
  std::uint64_t bars_seen = 0;  // closes since the series began: how far RSI is from its seed
  bool rsi_flat = false;        // RSI is undefined because the market did not move, not for want of bars
};

/// A logarithm a close is most of what a set costs: a search through many backtests leaves out what nobody reads.
enum class WithVolatility : std::uint8_t { yes, no };

class IndicatorSet {
 public:
  /// `periods_per_year` as of calendar_periods.hpp. Volatilities that are not computed are undefined.
  IndicatorSet(const IndicatorsConfig& config, double periods_per_year,
               WithVolatility with_volatility = WithVolatility::yes);

  void update(std::int64_t close_mantissa, int exponent) noexcept;

  [[nodiscard]] IndicatorValues values() const noexcept;

  /// Of values(), what a signal rests on.
  struct SignalValues {
    double sma;
    double rsi;
    bool rsi_flat;
  };
  [[nodiscard]] SignalValues signal_values() const noexcept {
    return {sma_.value(unit_).value_or(IndicatorValues::undefined), rsi_.value().value_or(IndicatorValues::undefined),
            rsi_.flat()};
  }

  /// values() as update() would leave them, for a bar that is still open. Copies the set, and so allocates, only where
  /// the close does not fit the series' exponent.
  [[nodiscard]] IndicatorValues peek(std::int64_t close_mantissa, int exponent) const;

  [[nodiscard]] double periods_per_year() const noexcept { return periods_per_year_; }
  [[nodiscard]] std::uint64_t bars_seen() const noexcept { return bars_seen_; }
  /// How often a close did not fit 64 bits together with those before it.
  [[nodiscard]] std::uint64_t resets() const noexcept { return resets_; }

  void archive(auto& archive) {
    archive(sma_, rsi_, bollinger_, volatility_, change_, unit_, bars_seen_, resets_, exponent_);
  }

  friend bool operator==(const IndicatorSet&, const IndicatorSet&) = default;

 private:
  /// Moves the series to a finer exponent; false, and nothing changed, where the held closes do not fit there.
  [[nodiscard]] bool refine(int exponent) noexcept;
  void start_over(int exponent) noexcept;
  void set_exponent(int exponent) noexcept;

  Sma sma_;
  Rsi rsi_;
  Bollinger bollinger_;
  Volatility volatility_;
  Change change_;
  double periods_per_year_;
  double annual_factor_;
  double unit_ = 1;  // mantissas that make a price of 1: 10^-exponent_
  std::uint64_t bars_seen_ = 0;
  std::uint64_t resets_ = 0;
  int exponent_ = 0;  // the finest seen since the series began
  WithVolatility with_volatility_;
};

}  // namespace tapeline
