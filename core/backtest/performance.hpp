// What a run was worth: the ratios by which runs are compared (docs/backtest.md has their definitions).
//
// Output    nullopt where a ratio is undefined: too short a time, nothing that varied, nothing traded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/backtest/engine.hpp"

namespace tapeline::backtest {

struct Performance {
  Money initial_cash = 0;
  Money final_equity = 0;
  Money fees = 0;
  Money slippage = 0;
  double total_return = 0;
  std::optional<double> return_annual;
  std::optional<double> volatility_annual;
  std::optional<double> sharpe;
  std::optional<double> sortino;
  std::optional<double> calmar;
  double max_drawdown = 0;
  Nanos max_drawdown_ns = 0;  // the longest time below a former high
  std::uint64_t trades = 0;   // closed ones
  std::optional<double> hit_rate;
  std::optional<double> profit_factor;
  std::optional<double> trade_profit_mean;
  std::optional<double> turnover;
  std::optional<double> exposure;
  std::optional<double> time_in_market;
  std::uint64_t orders = 0;
  std::uint64_t rejected = 0;
  std::uint64_t pending = 0;
  std::optional<double> buy_and_hold_return;
  double periods_per_year = 0;
};

[[nodiscard]] Performance measure(const Result& result, const Market& market, const Window& window);

enum class Objective : std::uint8_t { sharpe, total_return, calmar, profit_factor, sortino };
[[nodiscard]] std::optional<Objective> objective_of(std::string_view name) noexcept;
[[nodiscard]] const char* to_string(Objective objective) noexcept;
[[nodiscard]] std::optional<double> value_of(const Performance& performance, Objective objective) noexcept;
/// Whether `a` is better than `b`; what is undefined is worse than anything defined.
[[nodiscard]] bool is_better(const Performance& a, const Performance& b, Objective objective) noexcept;

}  // namespace tapeline::backtest
