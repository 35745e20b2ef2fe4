// Exact arithmetic of an account.
//
// Units     Money is an integer of 10^-8; a price mantissa * 10^exponent; a quantity an integer of 10^-decimals.
// Output    Amounts are rounded once, half away from zero, to the unit of money.
// Failure   Throws std::range_error where a number does not fit 128 bits: nothing is ever cut off.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/decimal.hpp"

namespace tapeline::backtest {

using Money = Int128;
inline constexpr int money_decimals = 8;
inline constexpr std::int64_t money_unit = 100'000'000;  // of a whole
/// Fees and slippage are multiples of 10^-6: hundredths of a basis point.
inline constexpr std::int64_t rate_unit = 1'000'000;

struct Price {
  Int128 mantissa = 0;
  int exponent = 0;
};

/// To the nearest unit. Throws std::range_error beyond 10^18 whole.
[[nodiscard]] Money money_of(double amount);
/// Basis points to multiples of 1 / rate_unit.
[[nodiscard]] std::int64_t rate_of(double bps);
[[nodiscard]] double to_double(Money money) noexcept;
/// Plain decimal text without trailing zeros: "-12.5".
[[nodiscard]] std::string to_string(Money money);
[[nodiscard]] std::string to_string(const Price& price);

/// price * quantity. Precondition: quantity >= 0.
[[nodiscard]] Money notional_of(const Price& price, std::int64_t quantity, int quantity_decimals);
/// amount * rate / rate_unit.
[[nodiscard]] Money share_of(Money amount, std::int64_t rate);
/// The price moved by rate / rate_unit of itself, exactly. `rate` may be negative.
[[nodiscard]] Price moved_price(const Price& price, std::int64_t rate);

/// What an order costs beside its notional.
struct Fees {
  std::int64_t rate = 0;
  Money fixed = 0;

  [[nodiscard]] Money of(Money notional) const { return share_of(notional, rate) + fixed; }
};

/// The largest quantity whose notional and fees together are at most `budget`; 0 where none is.
[[nodiscard]] std::int64_t affordable_quantity(const Price& price, int quantity_decimals, Money budget,
                                               const Fees& fees);

}  // namespace tapeline::backtest
