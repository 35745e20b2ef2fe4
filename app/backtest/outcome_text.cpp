#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "app/backtest/outcome.hpp"
#include "app/summary.hpp"

namespace tapeline::app {
namespace {

constexpr std::size_t rows_shown = 12;

std::string percent(const std::optional<double>& value) { return value ? fmt::format("{:.2f} %", *value * 100) : "-"; }

std::string plain(const std::optional<double>& value) { return value ? fmt::format("{:.2f}", *value) : "-"; }

/// 1234567.891 as "1,234,567.89".
std::string money(backtest::Money amount) {
  const std::string text = fmt::format("{:.2f}", std::abs(backtest::to_double(amount)));
  const std::size_t point = text.find('.');
  return (amount < 0 ? "-" : "") + count_text(std::stoull(text.substr(0, point))) + text.substr(point);
}

std::string period(const BacktestOutcome& outcome) {
  const backtest::Curve& curve = outcome.result.curve;
  if (curve.points() == 0) return "no bars";
  return fmt::format("{} to {}", format_utc(curve.first_ns()), format_utc(curve.last_ns()));
}

std::string values_text(const std::vector<backtest::Parameter>& parameters, const std::vector<double>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i)
    text += fmt::format("{}{} {:g}", i == 0 ? "" : ", ", parameters[i].name, values[i]);
  return text;
}

std::string trades_text(const BacktestOutcome& outcome) {
  const auto& trades = outcome.result.trades;
  if (trades.empty()) return "  no trades\n";
  std::string text = fmt::format("  {:<14} {:<7}{:<22}{:>14}  {:<22}{:>14}{:>16}\n", "symbol", "side", "opened", "at",
                                 "closed", "at", "profit");
  const std::size_t first = trades.size() > rows_shown ? trades.size() - rows_shown : 0;
  if (first > 0) text += fmt::format("  ... {} earlier trades\n", first);
  for (std::size_t i = first; i < trades.size(); ++i) {
    const backtest::Trade& trade = trades[i];
    const bool is_open = trade.end == backtest::TradeEnd::open;
    text += fmt::format(
        "  {:<14} {:<7}{:<22}{:>14.8g}  {:<22}{:>14}{:>16}\n", outcome.tape.market->series[trade.series].symbol,
        trade.quantity < 0 ? "short" : "long", format_utc(trade.entry_ns),
        tapeline::to_double(trade.entry_price.mantissa, trade.entry_price.exponent),
        is_open ? "open" : format_utc(trade.exit_ns),
        is_open ? "" : fmt::format("{:.8g}", tapeline::to_double(trade.exit_price.mantissa, trade.exit_price.exponent)),
        money(trade.profit()));
  }
  return text;
}

std::string sweep_text(const BacktestOutcome& outcome) {
  std::string text = fmt::format("\n  best of {} by {}\n  {:<44}{:>12}{:>10}{:>12}{:>8}\n", outcome.sweep.size(),
                                 to_string(outcome.objective), "", "return", "sharpe", "drawdown", "trades");
  for (std::size_t i = 0; i < std::min(rows_shown, outcome.sweep.size()); ++i) {
    const SweepRow& row = outcome.sweep[i];
    text += fmt::format("  {:<44}{:>12}{:>10}{:>12}{:>8}\n", values_text(outcome.parameters, row.values),
                        percent(row.performance.total_return), plain(row.performance.sharpe),
                        percent(row.performance.max_drawdown), row.performance.trades);
  }
  return text;
}

std::string walk_forward_text(const BacktestOutcome& outcome) {
  std::string text = fmt::format(
      "\n  walk-forward, chosen by {}; the account above is that of the test windows\n  "
      "{:<22}{:<44}{:>10}{:>12}{:>10}\n",
      to_string(outcome.objective), "test from", "", "trained", "return", "sharpe");
  for (const WalkForwardRow& row : outcome.walk_forward) {
    text += fmt::format("  {:<22}{:<44}{:>10}{:>12}{:>10}\n", format_utc(row.fold.test.from_ns),
                        values_text(outcome.parameters, row.values), plain(row.train_value),
                        percent(row.test.total_return), plain(row.test.sharpe));
  }
  return text;
}

std::string lookahead_text(const backtest::LookaheadReport& report) {
  if (report.cuts == 0) return "\n  look-ahead: too few bars to cut\n";
  if (report.findings.empty()) {
    return fmt::format(
        "\n  look-ahead: none; {} shorter histories said the same of {} bars, and {} gave the same orders\n",
        report.cuts, count_text(report.bars_compared), report.cuts_with_orders);
  }
  std::string text = fmt::format("\n  LOOK-AHEAD: {} of {} shorter histories say something else\n",
                                 report.findings.size(), report.cuts);
  for (const std::string& finding : report.findings) text += "    " + finding + "\n";
  return text;
}

}  // namespace

std::string outcome_text(const BacktestOutcome& outcome) {
  const backtest::Performance& p = outcome.performance;
  std::string symbols;
  for (const backtest::Series& series : outcome.tape.market->series)
    symbols += (symbols.empty() ? "" : ", ") + series.symbol;
  std::string text = fmt::format("{}, bars of {} s, {}: {} bars, {}\n", symbols, outcome.tape.market->interval_s,
                                 outcome.source, count_text(outcome.result.bars), period(outcome));
  if (!outcome.chosen.empty()) text += "  with " + values_text(outcome.parameters, outcome.chosen) + "\n";
  text += "\n" + trades_text(outcome) + "\n";
  const auto line = [&](const char* left, const std::string& a, const char* right, const std::string& b) {
    text += fmt::format("  {:<20}{:>18}     {:<20}{:>18}\n", left, a, right, b);
  };
  line("equity", money(p.final_equity), "began with", money(p.initial_cash));
  line("return", percent(p.total_return), "buy and hold", percent(p.buy_and_hold_return));
  line("a year", percent(p.return_annual), "volatility", percent(p.volatility_annual));
  line("Sharpe", plain(p.sharpe), "Sortino", plain(p.sortino));
  line("max. drawdown", percent(p.max_drawdown), "below a high",
       fmt::format("{:.1f} days", static_cast<double>(p.max_drawdown_ns) / 86'400e9));
  line("trades closed", std::to_string(p.trades), "won", percent(p.hit_rate));
  line("profit factor", plain(p.profit_factor), "turnover", plain(p.turnover));
  line("time in market", percent(p.time_in_market), "mean exposure", percent(p.exposure));
  line("fees", money(p.fees), "slippage", money(p.slippage));
  line("orders", std::to_string(p.orders), "rejected, pending", fmt::format("{}, {}", p.rejected, p.pending));
  if (!outcome.sweep.empty()) text += sweep_text(outcome);
  if (!outcome.walk_forward.empty()) text += walk_forward_text(outcome);
  if (outcome.lookahead) text += lookahead_text(*outcome.lookahead);
  for (const std::string& remark : outcome.remarks) text += "  note: " + remark + "\n";
  return text;
}

}  // namespace tapeline::app
