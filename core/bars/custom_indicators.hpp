// The indicators of one series that its user has asked for beside the standard columns: any number of each, any length.
//
// Threads   One at a time; a value: to save its state is to copy it.
// Units     Bars need not share their exponents. Values are prices, ratios or percentages, as their kernels say.
// Input     closed bars in order.
// Output    Doubles in the order of output_names(); NaN where undefined, nowhere else.
// Failure   The constructor throws std::invalid_argument, which names the indicator, on impossible options. After that
//           nothing fails: where a bar and those before it do not fit at one exponent (prices 64 bits, volumes 109), the
//           series starts again with that bar (resets()).
// Cost      O(1) an indicator and bar; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/bars/config.hpp"
#include "core/indicators/atr.hpp"
#include "core/indicators/bollinger.hpp"
#include "core/indicators/change_session.hpp"
#include "core/indicators/change_since.hpp"
#include "core/indicators/ema.hpp"
#include "core/indicators/macd.hpp"
#include "core/indicators/rsi.hpp"
#include "core/indicators/sma.hpp"
#include "core/indicators/volatility.hpp"
#include "core/indicators/volume_zscore.hpp"
#include "core/indicators/vwap.hpp"

namespace tapeline {

/// What an indicator's values are called: its name, or, for kinds with several, the name with their suffixes.
[[nodiscard]] std::vector<std::string> output_names(const IndicatorSpec& spec);
/// Of all of them, in their order.
[[nodiscard]] std::vector<std::string> output_names(std::span<const IndicatorSpec> specs);

/// Whether bars of `interval_s` have this indicator.
[[nodiscard]] bool is_of_interval(const IndicatorSpec& spec, std::uint32_t interval_s) noexcept;

class CustomIndicators {
 public:
  /// Those of `specs` that bars of `interval_s` have; `periods_per_year` as of calendar_periods.hpp.
  CustomIndicators(std::span<const IndicatorSpec> specs, std::uint32_t interval_s, double periods_per_year);

  void update(const IndicatorBar& bar) noexcept;

  /// How many values there are.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Precondition: out.size() == size().
  void values(std::span<double> out) const noexcept;

  /// Bars since the series began: how far the recursive ones are from their seeds.
  [[nodiscard]] std::uint64_t bars_seen() const noexcept { return bars_seen_; }
  /// How often a bar did not fit together with those before it.
  [[nodiscard]] std::uint64_t resets() const noexcept { return resets_; }

  void archive(auto& archive) {
    for (Indicator& indicator : indicators_) std::visit([&](auto& kernel) { archive(kernel); }, indicator.kernel);
    archive(unit_, bars_seen_, resets_, price_exponent_, volume_exponent_);
  }

  friend bool operator==(const CustomIndicators&, const CustomIndicators&) = default;

 private:
  using AnyKernel =
      std::variant<Sma, Ema, Rsi, Bollinger, Macd, Atr, Vwap, Volatility, ChangeSince, ChangeSession, VolumeZScore>;

  struct Indicator {
    AnyKernel kernel;
    FlatRsi flat_rsi;
    std::size_t outputs;

    friend bool operator==(const Indicator&, const Indicator&) = default;
  };

  [[nodiscard]] static AnyKernel make_kernel(const IndicatorSpec& spec, std::uint32_t interval_s);

  /// Moves the series to exponents that are at least as fine as the bar's; false, and nothing changed, where what the
  /// kernels hold does not fit there.
  [[nodiscard]] bool refine(const IndicatorBar& bar) noexcept;
  void start_over(const IndicatorBar& bar) noexcept;
  void set_exponents(int price, int volume) noexcept;

  std::vector<Indicator> indicators_;
  std::size_t size_ = 0;
  double annual_factor_;
  double unit_ = 1;  // mantissas that make a price of 1
  std::uint64_t bars_seen_ = 0;
  std::uint64_t resets_ = 0;
  int price_exponent_ = 0;  // the finest seen since the series began
  int volume_exponent_ = 0;
};

}  // namespace tapeline
