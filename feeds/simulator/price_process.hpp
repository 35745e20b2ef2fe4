// The price of one asset, as a seeded random process that looks like a market.
//
// Model     Steps of 50 ms. The noise is GARCH(1,1), so that volatility clusters. Regimes of some seconds follow each
// other:
//           trends (RSI runs to its ends) and ranges (price is pulled back to a level). Jumps arrive by a Poisson
//           process and stir volatility up. A weak pull towards the first price keeps a long run near it. Equities rest
//           while their session is closed and are liveliest at its open and close.
// Input     Nothing but the seed and the time of the first step: the path does not depend on who asks when.
// Units     Prices are doubles here; the market rounds them to ticks.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/symbols.hpp"

namespace tapeline::feeds::simulator {

struct ProcessParameters {
  double volatility_per_second = 3e-4;  // standard deviation of the noise in a quiet hour, as a share of the price
  double jumps_per_hour = 40;
  double jump_min = 0.0105;  // just above the one percent that counts as a significant move
  double jump_max = 0.022;
  Session session = Session::always;
};

class PriceProcess {
 public:
  static constexpr Nanos step_ns = 50 * nanos_per_millisecond;
  static constexpr double steps_per_second = 20;

  PriceProcess(const ProcessParameters& parameters, double start_price, Nanos start_ns, Random random) noexcept;

  /// Moves one step on.
  void step() noexcept;

  [[nodiscard]] double price() const noexcept { return price_; }
  /// End of the last step.
  [[nodiscard]] Nanos time_ns() const noexcept { return time_ns_; }
  /// Volatility now as a multiple of the usual one, times the session's liveliness; 0: closed.
  [[nodiscard]] double activity() const noexcept { return activity_; }

 private:
  enum class Regime { trend, range };

  void begin_regime(Regime regime) noexcept;
  [[nodiscard]] double jump() noexcept;

  ProcessParameters parameters_;
  double start_price_;
  double price_;
  Nanos time_ns_;
  Random random_;

  double base_variance_;  // per step
  double variance_;
  double session_activity_ = 1;
  Nanos session_minute_ = -1;  // for which session_activity_ holds
  double activity_ = 1;

  Regime regime_ = Regime::trend;
  int regime_steps_left_ = 0;
  double trend_per_step_ = 0;
  double range_level_ = 0;
};

}  // namespace tapeline::feeds::simulator
