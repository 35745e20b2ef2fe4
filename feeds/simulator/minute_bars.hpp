// The minutes an asset has behind it: what the simulated REST endpoints answer from.
//
// Ordering  Bars ascend by start; minutes without trading have none.
// Units     Prices in ticks, volumes in units of the asset.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/symbols.hpp"

namespace tapeline::feeds::simulator {

struct SourceBar {
  Nanos start_ns = 0;
  std::int64_t open = 0;
  std::int64_t high = 0;
  std::int64_t low = 0;
  std::int64_t close = 0;
  double volume = 0;
};

inline constexpr Nanos nanos_per_minute = 60 * nanos_per_second;
inline constexpr Nanos nanos_per_day = 86'400 * nanos_per_second;

struct PastShape {
  Nanos end_ns = 0;  // the past ends here, at `last_price`
  double last_price = 0;
  double ticks_per_unit = 0;  // 10^price_decimals
  double volatility_per_minute = 0;
  double volume_per_minute = 0;
  Session session = Session::always;
};

class MinuteBars {
 public:
  static constexpr int past_days = 7;  // as much as Yahoo serves of 1 minute bars
  static constexpr std::size_t bars_max = 4 * 7 * 1440;

  /// Makes up a past.
  MinuteBars(const PastShape& shape, Random random);

  /// Adds a price at `time_ns`, which never steps back.
  void add(Nanos time_ns, std::int64_t ticks, double volume);

  [[nodiscard]] std::span<const SourceBar> bars() const noexcept { return bars_; }
  /// The bars that start in [from_ns, to_ns).
  [[nodiscard]] std::span<const SourceBar> between(Nanos from_ns, Nanos to_ns) const noexcept;
  /// Price as of `time_ns`: the close of the last minute that began before; of the first one where there is none.
  [[nodiscard]] std::int64_t close_before(Nanos time_ns) const noexcept;

 private:
  std::vector<SourceBar> bars_;
};

/// How bars lie on the time axis: they start at multiples of `width_ns` behind `offset_ns` after the epoch.
struct BarGrid {
  Nanos width_ns = nanos_per_minute;
  Nanos offset_ns = 0;
};

/// Minutes joined to the bars of a grid.
[[nodiscard]] std::vector<SourceBar> join(std::span<const SourceBar> minutes, BarGrid grid);
/// All minutes as one bar; precondition: there is at least one.
[[nodiscard]] SourceBar join_all(std::span<const SourceBar> minutes);

}  // namespace tapeline::feeds::simulator
