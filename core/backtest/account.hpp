// One cash account and its positions: every order moves money exactly once, and is kept with what became of it.
//
// Threads   One; a value.
// Units     See money.hpp. A position's quantity is negative when it is short.
// Ordering  A function of the calls alone. Equity is cash and all positions at their last mark.
// Failure   Throws std::range_error where a number does not fit. An order that may not be filled is kept as rejected.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/backtest/config.hpp"
#include "core/backtest/money.hpp"
#include "core/backtest/tape.hpp"

namespace tapeline::backtest {

enum class OrderStatus : std::uint8_t { filled, rejected, pending };
enum class OrderReason : std::uint8_t { signal, end, below_minimum, insufficient_funds, no_equity, no_next_bar };
[[nodiscard]] const char* to_string(OrderStatus status) noexcept;
[[nodiscard]] const char* to_string(OrderReason reason) noexcept;
[[nodiscard]] const char* to_string(Intent action) noexcept;

struct Order {
  std::uint32_t series = 0;
  Intent action{};
  OrderStatus status{};
  OrderReason reason{};  // why it was rejected, else what asked for it
  Nanos signal_ns = 0;
  Nanos time_ns = 0;  // of the fill or the refusal
  Price price;        // slippage included
  std::int64_t quantity = 0;
  Money notional = 0;
  Money fee = 0;
  Money cash_after = 0;
};

enum class TradeEnd : std::uint8_t { signal, end, open };
[[nodiscard]] const char* to_string(TradeEnd end) noexcept;

/// A position from its opening to its closing.
struct Trade {
  std::uint32_t series = 0;
  std::int64_t quantity = 0;  // negative: short
  Nanos entry_signal_ns = 0;
  Nanos entry_ns = 0;
  Price entry_price;
  Money entry_notional = 0;
  Nanos exit_signal_ns = 0;
  Nanos exit_ns = 0;
  Price exit_price;
  Money exit_notional = 0;  // while it is open: the last mark
  Money fees = 0;
  std::uint64_t bars = 0;
  TradeEnd end = TradeEnd::open;

  [[nodiscard]] Money profit() const noexcept {
    return (quantity < 0 ? entry_notional - exit_notional : exit_notional - entry_notional) - fees;
  }
};

class Account {
 public:
  Account(const Config& config, Money cash, std::size_t series_count);

  /// A decision of `signal_ns` meets the market.
  struct Fill {
    std::uint32_t series;
    Nanos signal_ns;
    Nanos time_ns;
    Price price;  // before slippage
    OrderReason why = OrderReason::signal;
  };
  void open(const Fill& fill, Intent action);
  /// Precondition: there is a position.
  void close(const Fill& fill);
  /// A decision that no bar followed.
  void leave_pending(std::uint32_t series, Intent action, Nanos signal_ns);

  /// The close of the series' newest bar.
  void mark(std::uint32_t series, const Price& price) {
    Position& position = positions_[series];
    if (position.quantity == 0) return;
    ++trades_[position.trade].bars;
    revalue(position, notional_of(price, magnitude(position.quantity), quantity_decimals_));
  }

  [[nodiscard]] std::int64_t quantity(std::uint32_t series) const noexcept { return positions_[series].quantity; }
  [[nodiscard]] Money cash() const noexcept { return cash_; }
  [[nodiscard]] Money equity() const noexcept { return cash_ + net_; }
  /// Value of all positions, long and short alike.
  [[nodiscard]] Money exposure() const noexcept { return gross_; }
  [[nodiscard]] Money slippage() const noexcept { return slippage_; }

  [[nodiscard]] const std::vector<Order>& orders() const noexcept { return orders_; }
  [[nodiscard]] const std::vector<Trade>& trades() const noexcept { return trades_; }
  [[nodiscard]] std::vector<Order> take_orders() noexcept { return std::move(orders_); }
  /// Open ones are valued at their last mark.
  [[nodiscard]] std::vector<Trade> take_trades() noexcept;

 private:
  struct Position {
    std::int64_t quantity = 0;
    Money value = 0;  // at the last mark, never negative
    std::size_t trade = 0;
  };

  [[nodiscard]] static constexpr std::int64_t magnitude(std::int64_t quantity) noexcept {
    return quantity < 0 ? -quantity : quantity;
  }
  void revalue(Position& position, Money value) noexcept {
    const Money change = value - position.value;
    gross_ += change;
    net_ += position.quantity < 0 ? -change : change;
    position.value = value;
  }
  /// 0: not to be filled, and `why` says so.
  [[nodiscard]] std::int64_t sized(const Price& price, OrderReason& why) const;
  /// The price against which the order is filled; counts what that costs.
  [[nodiscard]] Price slipped(const Price& price, bool is_buy) const;
  Order& keep(const Fill& fill, Intent action, OrderStatus status, OrderReason reason);
  /// Moves the money of a filled order.
  void settle(Order& order, const Fill& fill, bool is_buy, std::int64_t quantity, const Price& price);

  Sizing sizing_;
  std::int64_t fraction_;  // of rate_unit
  std::int64_t quantity_;
  Money notional_;
  int quantity_decimals_;
  Fees fees_;
  std::int64_t slippage_rate_;
  std::int64_t leverage_;  // of rate_unit
  Money cash_;
  Money net_ = 0;    // positions, short ones negative
  Money gross_ = 0;  // positions, all positive
  Money slippage_ = 0;
  std::vector<Position> positions_;
  std::vector<Order> orders_;
  std::vector<Trade> trades_;
};

}  // namespace tapeline::backtest
