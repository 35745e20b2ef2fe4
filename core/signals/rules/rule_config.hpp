// What a configuration says of rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/row.hpp"

namespace tapeline {

struct RuleConfig {
  std::string name{};
  std::string when{};             // the condition (docs/rules.md)
  double hysteresis = 0;          // re-arms only once the condition, loosened by this, is false
  std::uint32_t cooldown_s = 60;  // between two alerts of one instrument and interval, in event time
  Severity severity = Severity::info;
  std::string message{};                     // template; empty: the fields that the rule reads
  std::vector<std::string> symbols{};        // empty: all
  std::vector<std::uint32_t> intervals_s{};  // empty: all
  bool enabled = true;
};

/// RSI beyond 30 and 70, and a move of 1 %.
[[nodiscard]] inline std::vector<RuleConfig> default_rules() {
  return {
      {.name = "rsi_oversold", .when = "rsi < 30", .hysteresis = 5},
      {.name = "rsi_overbought", .when = "rsi > 70", .hysteresis = 5},
      {.name = "significant_move", .when = "abs(change_pct) >= 1", .hysteresis = 0.2, .severity = Severity::warning}};
}

}  // namespace tapeline
