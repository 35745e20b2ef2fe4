#include "core/backtest/money.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/base/nearest_double.hpp"

namespace tapeline::backtest {
namespace {

[[noreturn]] void refuse() {
  throw std::range_error("price times quantity does not fit 128 bits; lower backtest.quantity_decimals or the size");
}

Int128 power(int exponent) {
  if (exponent <= 18) return power_of_ten(exponent);
  if (exponent > 36) refuse();
  return Int128{power_of_ten(18)} * power_of_ten(exponent - 18);
}

Int128 times(Int128 a, Int128 b) {
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) refuse();
  return product;
}

/// Rounded half away from zero. Precondition: divisor > 0.
Int128 divided(Int128 value, Int128 divisor) noexcept {
  // The plain case, and by far the cheaper division.
  if (value >= 0 && value <= std::numeric_limits<std::int64_t>::max() / 2 &&
      divisor <= std::numeric_limits<std::int64_t>::max() / 2) {
    const auto small = static_cast<std::uint64_t>(value);
    const auto by = static_cast<std::uint64_t>(divisor);
    return (small + by / 2) / by;
  }
  const Int128 quotient = value / divisor;
  const Int128 rest = value % divisor;
  const Int128 magnitude = rest < 0 ? -rest : rest;
  if (magnitude < divisor - magnitude) return quotient;
  return quotient + (value < 0 ? -1 : 1);
}

/// mantissa * 10^exponent in units of money.
Money in_money(Int128 mantissa, int exponent) {
  const int shift = exponent + money_decimals;
  if (shift >= 0) return times(mantissa, power(shift));
  if (shift < -36) return 0;
  return divided(mantissa, power(-shift));
}

}  // namespace

Money money_of(double amount) {
  if (!(std::abs(amount) < 1e18)) throw std::range_error("an amount of money must be below 1e18");
  return static_cast<Money>(std::llround(std::floor(amount))) * money_unit +
         std::llround((amount - std::floor(amount)) * static_cast<double>(money_unit));
}

std::int64_t rate_of(double bps) { return std::llround(bps * 100); }

double to_double(Money money) noexcept { return nearest_double(money) / money_unit; }

std::string to_string(const Price& price) {
  std::string text = tapeline::to_string(price.mantissa, price.exponent);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string to_string(Money money) { return to_string(Price{money, -money_decimals}); }

Money notional_of(const Price& price, std::int64_t quantity, int quantity_decimals) {
  return in_money(times(price.mantissa, quantity), price.exponent - quantity_decimals);
}

Money share_of(Money amount, std::int64_t rate) { return rate == 0 ? 0 : divided(times(amount, rate), rate_unit); }

Price moved_price(const Price& price, std::int64_t rate) {
  if (rate == 0) return price;
  std::int64_t factor = rate_unit + rate;
  int digits = 6;
  while (factor % 10 == 0 && digits > 0) {
    factor /= 10;
    --digits;
  }
  return {times(price.mantissa, factor), price.exponent - digits};
}

std::int64_t affordable_quantity(const Price& price, int quantity_decimals, Money budget, const Fees& fees) {
  if (budget <= 0) return 0;
  const auto cost = [&](std::int64_t quantity) {
    const Money notional = notional_of(price, quantity, quantity_decimals);
    return notional + fees.of(notional);
  };
  // A guess in floating point, then the exact answer beside it: rounding makes no closed form exact.
  const long double unit_price = static_cast<long double>(price.mantissa) * powl(10.0L, price.exponent);
  const long double spendable = static_cast<long double>(budget - fees.fixed) / money_unit;
  const long double guess =
      std::floor(spendable / (unit_price * (1.0L + static_cast<long double>(fees.rate) / rate_unit)) *
                 powl(10.0L, static_cast<long double>(quantity_decimals)));
  if (guess >= 9.0e18L) {
    throw std::range_error("a quantity does not fit 64 bits; lower backtest.quantity_decimals or the size");
  }
  std::int64_t quantity = guess > 0 ? static_cast<std::int64_t>(guess) : 0;
  // A quantity far finer than money costs the same as its neighbours: steps double until the answer is enclosed.
  std::int64_t step = 1;
  while (quantity > 0 && cost(quantity) > budget) {
    quantity = quantity > step ? quantity - step : 0;
    step *= 2;
  }
  for (step = 1; cost(quantity + step) <= budget; step *= 2) quantity += step;
  for (; step > 0; step /= 2) {
    if (cost(quantity + step) <= budget) quantity += step;
  }
  return quantity;
}

}  // namespace tapeline::backtest
