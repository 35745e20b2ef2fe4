#include "core/backtest/performance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace tapeline::backtest {
namespace {

constexpr double year_s = 365.0 * 86'400;
constexpr Nanos annual_from_ns = Nanos{30} * 86'400 * nanos_per_second;  // a shorter time says nothing about a year

constexpr std::array<std::pair<Objective, const char*>, 5> objectives{{{Objective::sharpe, "sharpe"},
                                                                       {Objective::total_return, "return"},
                                                                       {Objective::calmar, "calmar"},
                                                                       {Objective::profit_factor, "profit_factor"},
                                                                       {Objective::sortino, "sortino"}}};

std::optional<double> ratio(double numerator, double denominator) {
  if (!(denominator > 0)) return std::nullopt;
  return numerator / denominator;
}

void measure_curve(const Result& result, Performance& out) {
  const Curve& curve = result.curve;
  const auto points = static_cast<double>(curve.points());
  out.max_drawdown = curve.drawdown_max();
  out.max_drawdown_ns = curve.drawdown_ns_max();
  out.exposure = ratio(curve.exposure_sum(), points);
  out.time_in_market = ratio(static_cast<double>(curve.points_in_market()), points);
  Money traded = 0;
  for (const Order& order : result.orders) traded += order.notional;
  out.turnover = ratio(to_double(traded), curve.equity_sum() / std::max(points, 1.0));
  if (curve.is_ruined() || curve.returns() < 2) return;
  const auto returns = static_cast<double>(curve.returns());
  const double deviation = std::sqrt(curve.return_squares() / (returns - 1));
  const double downside_deviation = std::sqrt(curve.downside_squares() / returns);
  const double annual = std::sqrt(out.periods_per_year);
  out.volatility_annual = deviation * annual;
  if (deviation > 0) out.sharpe = curve.return_mean() / deviation * annual;
  if (downside_deviation > 0) out.sortino = curve.return_mean() / downside_deviation * annual;
}

void measure_trades(const Result& result, Performance& out) {
  double gains = 0, losses = 0, sum = 0;
  std::uint64_t won = 0;
  for (const Trade& trade : result.trades) {
    if (trade.end == TradeEnd::open) continue;
    const double profit = to_double(trade.profit());
    ++out.trades;
    sum += profit;
    won += profit > 0 ? 1 : 0;
    (profit > 0 ? gains : losses) += std::abs(profit);
  }
  const auto count = static_cast<double>(out.trades);
  out.hit_rate = ratio(static_cast<double>(won), count);
  out.trade_profit_mean = ratio(sum, count);
  out.profit_factor = ratio(gains, losses);
  for (const Order& order : result.orders) {
    ++out.orders;
    out.fees += order.fee;
    out.rejected += order.status == OrderStatus::rejected ? 1 : 0;
    out.pending += order.status == OrderStatus::pending ? 1 : 0;
  }
}

/// Mean over the series of last close over first open.
std::optional<double> buy_and_hold(const Market& market, const Window& window) {
  struct Ends {
    const Bar* first = nullptr;
    const Bar* last = nullptr;
  };
  std::vector<Ends> ends(market.series.size());
  for (const Bar& bar : market.bars) {
    if (!window.holds(bar)) continue;
    Ends& of = ends[bar.series];
    if (of.first == nullptr) of.first = &bar;
    of.last = &bar;
  }
  double sum = 0, count = 0;
  for (const Ends& of : ends) {
    if (of.first == nullptr) continue;
    sum += tapeline::to_double(Int128{of.last->close}, of.last->price_exponent) /
               tapeline::to_double(Int128{of.first->open}, of.first->price_exponent) -
           1;
    ++count;
  }
  return ratio(sum, count);
}

}  // namespace

Performance measure(const Result& result, const Market& market, const Window& window) {
  Performance out;
  out.initial_cash = out.final_equity = result.initial_cash;
  out.slippage = result.slippage;
  // Rows of several calendars come at the times of all: as often as those of the one that rests least.
  for (const Series& series : market.series) {
    out.periods_per_year = std::max(out.periods_per_year, series.periods_per_year);
  }
  measure_trades(result, out);
  out.buy_and_hold_return = buy_and_hold(market, window);
  if (result.curve.points() == 0) return out;
  out.final_equity = result.curve.last();
  const double initial = to_double(result.initial_cash);
  const double growth = to_double(out.final_equity) / initial;
  out.total_return = growth - 1;
  measure_curve(result, out);
  Nanos first_ns = result.curve.first_ns();
  for (const Bar& bar : market.bars) {
    if (window.holds(bar)) {
      first_ns = bar.start_ns;
      break;
    }
  }
  const Nanos span_ns = result.curve.last_ns() - first_ns;
  if (span_ns >= annual_from_ns && growth > 0) {
    const double years = static_cast<double>(span_ns) / 1e9 / year_s;
    out.return_annual = std::pow(growth, 1 / years) - 1;
    out.calmar = ratio(*out.return_annual, out.max_drawdown);
  }
  return out;
}

std::optional<Objective> objective_of(std::string_view name) noexcept {
  for (const auto& [objective, text] : objectives) {
    if (name == text) return objective;
  }
  return std::nullopt;
}

const char* to_string(Objective objective) noexcept {
  for (const auto& [one, text] : objectives) {
    if (one == objective) return text;
  }
  return "";
}

std::optional<double> value_of(const Performance& performance, Objective objective) noexcept {
  switch (objective) {
    case Objective::sharpe: return performance.sharpe;
    case Objective::total_return: return performance.total_return;
    case Objective::calmar: return performance.calmar;
    case Objective::profit_factor: return performance.profit_factor;
    case Objective::sortino: return performance.sortino;
  }
  return std::nullopt;
}

bool is_better(const Performance& a, const Performance& b, Objective objective) noexcept {
  const auto of_a = value_of(a, objective);
  const auto of_b = value_of(b, objective);
  return of_a && (!of_b || *of_a > *of_b);
}

}  // namespace tapeline::backtest
