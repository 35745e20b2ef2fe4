#include "core/backtest/account.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tapeline::backtest {
namespace {

std::int64_t units_of(double quantity, std::uint32_t decimals) {
  const double units = quantity * std::pow(10.0, decimals);
  if (!(units < 9e18)) throw std::range_error("backtest.quantity does not fit; lower backtest.quantity_decimals");
  return std::llround(units);
}

}  // namespace

const char* to_string(OrderStatus status) noexcept {
  switch (status) {
    case OrderStatus::filled: return "filled";
    case OrderStatus::rejected: return "rejected";
    case OrderStatus::pending: return "pending";
  }
  return "";
}

const char* to_string(OrderReason reason) noexcept {
  switch (reason) {
    case OrderReason::signal: return "signal";
    case OrderReason::end: return "end";
    case OrderReason::below_minimum: return "below_minimum";
    case OrderReason::insufficient_funds: return "insufficient_funds";
    case OrderReason::no_equity: return "no_equity";
    case OrderReason::no_next_bar: return "no_next_bar";
  }
  return "";
}

const char* to_string(Intent action) noexcept {
  switch (action) {
    case open_long: return "open_long";
    case close_long: return "close_long";
    case open_short: return "open_short";
    case close_short: return "close_short";
  }
  return "";
}

const char* to_string(TradeEnd end) noexcept {
  switch (end) {
    case TradeEnd::signal: return "signal";
    case TradeEnd::end: return "end";
    case TradeEnd::open: return "open";
  }
  return "";
}

Account::Account(const Config& config, Money cash, std::size_t series_count)
    : sizing_(config.sizing),
      fraction_(std::llround(config.fraction * static_cast<double>(rate_unit))),
      quantity_(units_of(config.quantity, config.quantity_decimals)),
      notional_(money_of(config.notional)),
      quantity_decimals_(static_cast<int>(config.quantity_decimals)),
      fees_{rate_of(config.fee_bps), money_of(config.fee_fixed)},
      slippage_rate_(rate_of(config.slippage_bps)),
      leverage_(std::llround(config.leverage_max * static_cast<double>(rate_unit))),
      cash_(cash),
      positions_(series_count) {}

std::int64_t Account::sized(const Price& price, OrderReason& why) const {
  if (equity() <= 0) {
    why = OrderReason::no_equity;
    return 0;
  }
  const Money headroom = share_of(equity(), leverage_) - gross_;
  if (sizing_ == Sizing::fraction) {
    const Money budget = std::min(share_of(equity(), fraction_), headroom);
    const std::int64_t quantity = affordable_quantity(price, quantity_decimals_, budget, fees_);
    why = budget <= 0 ? OrderReason::insufficient_funds : OrderReason::below_minimum;
    return quantity;
  }
  const std::int64_t quantity =
      sizing_ == Sizing::quantity ? quantity_ : affordable_quantity(price, quantity_decimals_, notional_, Fees{});
  why = OrderReason::below_minimum;
  if (quantity == 0) return 0;
  const Money notional = notional_of(price, quantity, quantity_decimals_);
  if (notional + fees_.of(notional) <= headroom) return quantity;
  why = OrderReason::insufficient_funds;
  return 0;
}

Price Account::slipped(const Price& price, bool is_buy) const {
  return moved_price(price, is_buy ? slippage_rate_ : -slippage_rate_);
}

Order& Account::keep(const Fill& fill, Intent action, OrderStatus status, OrderReason reason) {
  Order& order = orders_.emplace_back();
  order.series = fill.series;
  order.action = action;
  order.status = status;
  order.reason = reason;
  order.signal_ns = fill.signal_ns;
  order.time_ns = fill.time_ns;
  order.cash_after = cash_;
  return order;
}

void Account::settle(Order& order, const Fill& fill, bool is_buy, std::int64_t quantity, const Price& price) {
  order.price = price;
  order.quantity = quantity;
  order.notional = notional_of(price, quantity, quantity_decimals_);
  order.fee = fees_.of(order.notional);
  cash_ += (is_buy ? -order.notional : order.notional) - order.fee;
  order.cash_after = cash_;
  if (slippage_rate_ != 0) {
    const Money unslipped = notional_of(fill.price, quantity, quantity_decimals_);
    slippage_ += is_buy ? order.notional - unslipped : unslipped - order.notional;
  }
}

void Account::open(const Fill& fill, Intent action) {
  const bool is_long = action == open_long;
  const Price price = slipped(fill.price, is_long);
  OrderReason why{};
  const std::int64_t quantity = sized(price, why);
  if (quantity == 0) {
    keep(fill, action, OrderStatus::rejected, why).price = price;
    return;
  }
  Order& order = keep(fill, action, OrderStatus::filled, fill.why);
  settle(order, fill, is_long, quantity, price);
  Position& position = positions_[fill.series];
  position.quantity = is_long ? quantity : -quantity;
  position.trade = trades_.size();
  revalue(position, order.notional);
  Trade& trade = trades_.emplace_back();
  trade.series = fill.series;
  trade.quantity = position.quantity;
  trade.entry_signal_ns = fill.signal_ns;
  trade.entry_ns = fill.time_ns;
  trade.entry_price = price;
  trade.entry_notional = trade.exit_notional = order.notional;
  trade.fees = order.fee;
}

void Account::close(const Fill& fill) {
  Position& position = positions_[fill.series];
  const bool is_long = position.quantity > 0;
  const Price price = slipped(fill.price, !is_long);
  Order& order = keep(fill, is_long ? close_long : close_short, OrderStatus::filled, fill.why);
  settle(order, fill, !is_long, magnitude(position.quantity), price);
  Trade& trade = trades_[position.trade];
  trade.exit_signal_ns = fill.signal_ns;
  trade.exit_ns = fill.time_ns;
  trade.exit_price = price;
  trade.exit_notional = order.notional;
  trade.fees += order.fee;
  trade.end = fill.why == OrderReason::end ? TradeEnd::end : TradeEnd::signal;
  revalue(position, 0);
  position = {};
}

std::vector<Trade> Account::take_trades() noexcept {
  for (const Position& position : positions_) {
    if (position.quantity != 0) trades_[position.trade].exit_notional = position.value;
  }
  return std::move(trades_);
}

void Account::leave_pending(std::uint32_t series, Intent action, Nanos signal_ns) {
  keep({series, signal_ns, 0, {}}, action, OrderStatus::pending, OrderReason::no_next_bar);
}

}  // namespace tapeline::backtest
