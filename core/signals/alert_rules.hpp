// The built-in alert rules of one instrument and interval: edges, not levels (docs/definitions.md, alerts).
//
//   rsi_oversold      fires when RSI < rsi_buy_below,        re-arms when RSI >= rsi_buy_below + rsi_hysteresis
//   rsi_overbought    fires when RSI > rsi_sell_above,       re-arms when RSI <= rsi_sell_above - rsi_hysteresis
//   significant_move  fires when |change %| >= move_pct_min, re-arms when |change %| <= move_pct_min - move_hysteresis_pct
// Input     closed bars in order; NaN is neither true nor false: it changes nothing.
// Ordering  The cooldown runs in event time (bar ends): a replay fires the same alerts.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "core/bars/config.hpp"
#include "core/base/time.hpp"
#include "core/model/row.hpp"

namespace tapeline {

enum class AlertRule : std::uint8_t { rsi_oversold = 0, rsi_overbought = 1, significant_move = 2 };
inline constexpr std::size_t alert_rule_count = 3;
inline constexpr std::uint32_t alert_rules_version = 1;  // raise when the meaning of a rule changes

[[nodiscard]] constexpr const char* to_string(AlertRule rule) noexcept {
  constexpr std::array<const char*, alert_rule_count> names{"rsi_oversold", "rsi_overbought", "significant_move"};
  return names[static_cast<std::size_t>(rule)];
}

[[nodiscard]] constexpr Severity severity_of(AlertRule rule) noexcept {
  return rule == AlertRule::significant_move ? Severity::warning : Severity::info;
}

class AlertRules {
 public:
  /// Bit i is set when rule i fires on this bar.
  [[nodiscard]] std::uint32_t update(double rsi, double change_pct, Nanos bar_end_ns, const AlertsConfig& alerts,
                                     const SignalsConfig& signals) noexcept {
    const double move = std::abs(change_pct);
    std::uint32_t fired = 0;
    const auto step = [&](AlertRule rule, bool holds, bool is_over) {
      Edge& edge = edges_[static_cast<std::size_t>(rule)];
      if (is_over) edge.armed = true;
      if (!holds || !edge.armed) return;
      edge.armed = false;
      const bool cooling = edge.fired_once && bar_end_ns - edge.fired_ns < Nanos{alerts.cooldown_s} * nanos_per_second;
      if (cooling) return;
      edge.fired_ns = bar_end_ns;
      edge.fired_once = true;
      fired |= 1U << static_cast<unsigned>(rule);
    };
    step(AlertRule::rsi_oversold, rsi < signals.rsi_buy_below, rsi >= signals.rsi_buy_below + alerts.rsi_hysteresis);
    step(AlertRule::rsi_overbought, rsi > signals.rsi_sell_above,
         rsi <= signals.rsi_sell_above - alerts.rsi_hysteresis);
    step(AlertRule::significant_move, move >= alerts.move_pct_min,
         move <= alerts.move_pct_min - alerts.move_hysteresis_pct);
    return fired;
  }

 private:
  struct Edge {
    Nanos fired_ns = 0;
    bool armed = true;
    bool fired_once = false;
  };
  std::array<Edge, alert_rule_count> edges_{};
};

}  // namespace tapeline
