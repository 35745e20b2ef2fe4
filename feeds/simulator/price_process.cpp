#include "feeds/simulator/price_process.hpp"

#include <algorithm>
#include <cmath>

#include "feeds/simulator/new_york.hpp"

namespace tapeline::feeds::simulator {
namespace {

// Persistence 0.998 a step: half of a burst of volatility is gone after 17 s. Excess kurtosis 2.5 without jumps.
constexpr double garch_alpha = 0.03;
constexpr double garch_beta = 0.968;
constexpr double variance_ratio_max = 16;      // a jump may at most quadruple the volatility
constexpr double pull_per_second = 1.0 / 600;  // towards the first price
constexpr double range_pull_per_second = 0.4;
constexpr double step_return_max = 0.1;  // keeps the price positive whatever the parameters

}  // namespace

PriceProcess::PriceProcess(const ProcessParameters& parameters, double start_price, Nanos start_ns,
                           Random random) noexcept
    : parameters_(parameters),
      start_price_(start_price),
      price_(start_price),
      time_ns_(start_ns),
      random_(random),
      base_variance_(parameters.volatility_per_second * parameters.volatility_per_second / steps_per_second),
      variance_(base_variance_) {
  begin_regime(Regime::trend);
}

void PriceProcess::begin_regime(Regime regime) noexcept {
  regime_ = regime;
  regime_steps_left_ = static_cast<int>(random_.uniform(12, 28) * steps_per_second);
  range_level_ = price_;
  // In a trend of half a standard deviation a second, RSI(14) of 1 s bars hovers near 78 or 22.
  const double strength = random_.uniform(0.35, 0.9) * parameters_.volatility_per_second / steps_per_second;
  trend_per_step_ = random_.uniform() < 0.5 ? strength : -strength;
}

double PriceProcess::jump() noexcept {
  if (random_.uniform() >= parameters_.jumps_per_hour / (3600 * steps_per_second)) return 0;
  const double size = random_.uniform(parameters_.jump_min, parameters_.jump_max);
  // The further the price is from where it began, the likelier a jump leads back.
  const double towards_start = price_ > start_price_ ? -1 : 1;
  return random_.uniform() < 0.65 ? towards_start * size : -towards_start * size;
}

void PriceProcess::step() noexcept {
  time_ns_ += step_ns;
  const Nanos minute = time_ns_ / (60 * nanos_per_second);
  if (minute != session_minute_) {
    session_minute_ = minute;
    session_activity_ = session_activity(parameters_.session, time_ns_);
  }
  if (session_activity_ == 0) {
    activity_ = 0;
    return;
  }
  if (--regime_steps_left_ <= 0) begin_regime(random_.uniform() < 0.7 ? Regime::trend : Regime::range);

  const double volatility = std::sqrt(variance_);
  const double noise = volatility * random_.normal();
  const double jumped = jump();
  const double shock = noise + jumped;
  const double omega = (1 - garch_alpha - garch_beta) * base_variance_;
  variance_ =
      std::min(omega + garch_alpha * shock * shock + garch_beta * variance_, variance_ratio_max * base_variance_);

  const double drift = regime_ == Regime::trend
                           ? trend_per_step_
                           : (range_level_ / price_ - 1) * (range_pull_per_second / steps_per_second);
  const double pull = (start_price_ / price_ - 1) * (pull_per_second / steps_per_second);
  const double move = (noise + drift) * session_activity_ + jumped + pull;
  price_ *= 1 + std::clamp(move, -step_return_max, step_return_max);
  activity_ = session_activity_ * (base_variance_ > 0 ? volatility / std::sqrt(base_variance_) : 1);
}

}  // namespace tapeline::feeds::simulator
