#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "app/backtest/outcome.hpp"
#include "core/base/json_text.hpp"

namespace tapeline::app {
namespace {

using backtest::Performance;

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string number(const std::optional<double>& value) { return value ? number(*value) : "null"; }

std::string money(backtest::Money amount) { return json_string(backtest::to_string(amount)); }

template <class Range, class Text>
std::string joined(const Range& range, const Text& text) {
  std::string all;
  for (const auto& one : range) all += (all.empty() ? "" : ",") + text(one);
  return all;
}

std::string time_json(Nanos time_ns, Nanos unbounded) {
  return time_ns == unbounded ? "null" : json_string(format_utc(time_ns));
}

std::string texts(const std::vector<std::string>& names) {
  return "[" + joined(names, [](const std::string& name) { return json_string(name); }) + "]";
}

std::string options_json(const backtest::Config& config) {
  using namespace backtest;
  constexpr std::array<const char*, 3> directions{"both", "long", "short"};
  constexpr std::array<const char*, 3> sizes{"fraction", "quantity", "notional"};
  return fmt::format(
      R"({{"strategy":"{}","long_entry":{},"long_exit":{},"short_entry":{},"short_exit":{},"direction":"{}","fill":"{}",)"
      R"("size":"{}","cash":{},"fraction":{},"quantity":{},"notional":{},"quantity_decimals":{},"fee_bps":{},)"
      R"("fee_fixed":{},"slippage_bps":{},"leverage_max":{},"close_at_end":{}}})",
      config.strategy == Strategy::signal ? "signal" : "rules", texts(config.long_entry), texts(config.long_exit),
      texts(config.short_entry), texts(config.short_exit), directions[static_cast<std::size_t>(config.direction)],
      config.fill == Fill::next_open ? "next_open" : "same_close", sizes[static_cast<std::size_t>(config.sizing)],
      number(config.cash), number(config.fraction), number(config.quantity), number(config.notional),
      config.quantity_decimals, number(config.fee_bps), number(config.fee_fixed), number(config.slippage_bps),
      number(config.leverage_max), config.close_at_end);
}

std::string parameters_json(const std::vector<backtest::Parameter>& parameters, const std::vector<double>& values) {
  std::string json;
  for (std::size_t i = 0; i < values.size(); ++i) {
    json += fmt::format("{}{}:{}", i == 0 ? "" : ",", json_string(parameters[i].name), number(values[i]));
  }
  return "{" + json + "}";
}

std::string performance_json(const Performance& performance) {
  return "{" +
         joined(performance_values(performance),
                [](const auto& value) { return json_string(value.first) + ":" + value.second; }) +
         "}";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> performance_values(const Performance& p) {
  return {
      {"initial_cash", money(p.initial_cash)},
      {"final_equity", money(p.final_equity)},
      {"profit", money(p.final_equity - p.initial_cash)},
      {"return", number(p.total_return)},
      {"return_annual", number(p.return_annual)},
      {"volatility_annual", number(p.volatility_annual)},
      {"sharpe", number(p.sharpe)},
      {"sortino", number(p.sortino)},
      {"max_drawdown", number(p.max_drawdown)},
      {"max_drawdown_s", std::to_string(p.max_drawdown_ns / nanos_per_second)},
      {"calmar", number(p.calmar)},
      {"trades", std::to_string(p.trades)},
      {"hit_rate", number(p.hit_rate)},
      {"profit_factor", number(p.profit_factor)},
      {"trade_profit_mean", number(p.trade_profit_mean)},
      {"turnover", number(p.turnover)},
      {"exposure", number(p.exposure)},
      {"time_in_market", number(p.time_in_market)},
      {"fees", money(p.fees)},
      {"slippage", money(p.slippage)},
      {"orders", std::to_string(p.orders)},
      {"rejected", std::to_string(p.rejected)},
      {"pending", std::to_string(p.pending)},
      {"buy_and_hold_return", number(p.buy_and_hold_return)},
      {"periods_per_year", number(p.periods_per_year)},
  };
}

std::string summary_json(const BacktestOutcome& outcome) {
  const backtest::Market& market = *outcome.tape.market;
  std::string json = fmt::format(
      R"({{"configuration_hash":{},"source":{},"interval_s":{},"symbols":[{}],"from":{},"to":{},"bars":{},"parameters":{},)"
      R"("options":{},"performance":{})",
      json_string(outcome.configuration_hash), json_string(outcome.source), market.interval_s,
      joined(market.series, [](const backtest::Series& series) { return json_string(series.symbol); }),
      time_json(outcome.window.from_ns, backtest::Window{}.from_ns),
      time_json(outcome.window.to_ns, backtest::Window{}.to_ns), outcome.result.bars,
      parameters_json(outcome.parameters, outcome.chosen), options_json(outcome.config.backtest),
      performance_json(outcome.performance));
  if (!outcome.sweep.empty()) {
    json += fmt::format(R"(,"objective":"{}","combinations":{})", to_string(outcome.objective), outcome.sweep.size());
  }
  if (!outcome.walk_forward.empty()) {
    json +=
        R"(,"walk_forward":[)" +
        joined(
            outcome.walk_forward,
            [&](const WalkForwardRow& row) {
              return fmt::format(
                  R"({{"train_from":"{}","train_to":"{}","test_from":"{}","test_to":"{}","parameters":{},"train_{}":{},"test":{}}})",
                  format_utc(row.fold.train.from_ns), format_utc(row.fold.train.to_ns),
                  format_utc(row.fold.test.from_ns), format_utc(row.fold.test.to_ns),
                  parameters_json(outcome.parameters, row.values), to_string(outcome.objective),
                  number(row.train_value), performance_json(row.test));
            }) +
        "]";
  }
  if (outcome.lookahead) {
    json += fmt::format(R"(,"lookahead":{{"cuts":{},"cuts_with_orders":{},"bars_compared":{},"findings":{}}})",
                        outcome.lookahead->cuts, outcome.lookahead->cuts_with_orders, outcome.lookahead->bars_compared,
                        texts(outcome.lookahead->findings));
  }
  return json + fmt::format(R"(,"remarks":{}}})", texts(outcome.remarks));
}

}  // namespace tapeline::app
