// Options of a backtest: what is traded on a decision, at which price, and out of what purse.
//
// Units     Rates are in basis points; cash, notional and quantity in the account's currency and the instrument's unit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tapeline::backtest {

enum class Fill : std::uint8_t { next_open, same_close };
enum class Sizing : std::uint8_t { fraction, quantity, notional };
enum class Direction : std::uint8_t { both, long_only, short_only };
enum class Strategy : std::uint8_t { signal, rules };

struct Config {
  Strategy strategy = Strategy::signal;
  std::vector<std::string> long_entry;  // names of rules, for Strategy::rules
  std::vector<std::string> long_exit;
  std::vector<std::string> short_entry;
  std::vector<std::string> short_exit;
  Direction direction = Direction::long_only;
  Fill fill = Fill::next_open;
  Sizing sizing = Sizing::fraction;
  double cash = 100'000;
  double fraction = 1.0;  // of the equity, fee included
  double quantity = 1;
  double notional = 10'000;
  std::uint32_t quantity_decimals = 8;
  double fee_bps = 0;
  double fee_fixed = 0;  // an order
  double slippage_bps = 0;
  double leverage_max = 1;
  bool close_at_end = false;
};

}  // namespace tapeline::backtest
