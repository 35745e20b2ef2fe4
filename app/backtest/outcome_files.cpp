#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "app/backtest/outcome.hpp"

namespace tapeline::app {
namespace {

using backtest::Money;
using backtest::Order;
using backtest::Trade;

std::string number(double value) {
  if (std::isnan(value)) return {};
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string time_text(Nanos time_ns) { return time_ns == 0 ? std::string() : format_utc(time_ns); }

/// In quotes where a comma, a quote or a line's end would be mistaken.
std::string text_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

/// A value of performance_values(), as CSV has it.
std::string csv_value(const std::string& json) {
  if (json == "null") return {};
  return json.front() == '"' ? json.substr(1, json.size() - 2) : json;
}

class File {
 public:
  File(const std::string& directory, const char* name, const std::string& header)
      : path_(directory + "/" + name), out_(path_, std::ios::binary | std::ios::trunc), text_(header + "\n") {}

  template <class... Values>
  void row(const Values&... values) {
    const char* separator = "";
    ((text_.append(separator).append(values), separator = ","), ...);
    text_ += '\n';
    if (text_.size() > flush_bytes) flush();
  }
  void raw(const std::string& text) { text_ += text; }

  void finish() {
    flush();
    out_.flush();
    if (!out_) throw std::runtime_error(path_ + " cannot be written: make room, or name another folder after --output");
  }

 private:
  static constexpr std::size_t flush_bytes = 1 << 20;
  void flush() {
    out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
    text_.clear();
  }

  std::string path_;
  std::ofstream out_;
  std::string text_;
};

class Writer {
 public:
  Writer(const BacktestOutcome& outcome, std::string directory)
      : outcome_(outcome),
        market_(*outcome.tape.market),
        decimals_(static_cast<int>(outcome.config.backtest.quantity_decimals)),
        interval_(std::to_string(market_.interval_s)),
        directory_(std::move(directory)) {}

  void write() const {
    write_orders();
    write_trades();
    write_equity();
    write_signals();
    write_alerts();
    if (!outcome_.sweep.empty()) write_sweep();
    if (!outcome_.walk_forward.empty()) write_walk_forward();
    File summary(directory_, "summary.json", summary_json(outcome_));
    summary.finish();
  }

 private:
  [[nodiscard]] std::string symbol(std::uint32_t series) const { return text_field(market_.series[series].symbol); }
  [[nodiscard]] std::string source(std::uint32_t series) const { return text_field(market_.series[series].source); }
  [[nodiscard]] std::string quantity(std::int64_t units) const {
    return backtest::to_string(backtest::Price{units < 0 ? -Int128{units} : Int128{units}, -decimals_});
  }

  void write_orders() const {
    File file(directory_, "orders.csv",
              "symbol,source,interval_s,action,status,signal_time,time,price,quantity,notional,fee,cash_after,reason");
    for (const Order& order : outcome_.result.orders) {
      const bool is_filled = order.status == backtest::OrderStatus::filled;
      const auto of_fill = [&](auto&& text) { return is_filled ? std::string(text) : std::string(); };
      file.row(symbol(order.series), source(order.series), interval_, to_string(order.action), to_string(order.status),
               format_utc(order.signal_ns), time_text(order.time_ns),
               order.price.mantissa == 0 ? std::string() : backtest::to_string(order.price),
               of_fill(quantity(order.quantity)), of_fill(backtest::to_string(order.notional)),
               of_fill(backtest::to_string(order.fee)), backtest::to_string(order.cash_after), to_string(order.reason));
    }
    file.finish();
  }

  void write_trades() const {
    File file(
        directory_, "trades.csv",
        "symbol,source,interval_s,side,quantity,entry_signal_time,entry_time,entry_price,exit_signal_time,exit_time,"
        "exit_price,exit_reason,fees,profit,return,bars");
    for (const Trade& trade : outcome_.result.trades) {
      const bool is_open = trade.end == backtest::TradeEnd::open;
      file.row(symbol(trade.series), source(trade.series), interval_, trade.quantity < 0 ? "short" : "long",
               quantity(trade.quantity), format_utc(trade.entry_signal_ns), format_utc(trade.entry_ns),
               backtest::to_string(trade.entry_price), time_text(trade.exit_signal_ns), time_text(trade.exit_ns),
               is_open ? std::string() : backtest::to_string(trade.exit_price), to_string(trade.end),
               backtest::to_string(trade.fees), backtest::to_string(trade.profit()),
               number(backtest::to_double(trade.profit()) / backtest::to_double(trade.entry_notional)),
               std::to_string(trade.bars));
    }
    file.finish();
  }

  void write_equity() const {
    File file(directory_, "equity.csv", "time,equity,cash,exposure,drawdown");
    Money high = outcome_.result.initial_cash;
    for (const backtest::EquityPoint& point : outcome_.result.equity) {
      high = std::max(high, point.equity);
      file.row(format_utc(point.time_ns), backtest::to_string(point.equity), backtest::to_string(point.cash),
               backtest::to_string(point.exposure),
               number(1 - backtest::to_double(point.equity) / backtest::to_double(high)));
    }
    file.finish();
  }

  [[nodiscard]] bool is_meant(std::size_t bar) const { return outcome_.window.holds(market_.bars[bar]); }

  void write_signals() const {
    File file(
        directory_, "signals.csv",
        "symbol,source,interval_s,bar_start,bar_end,signal,previous,reason,trend,close,rsi,sma,bb_upper,bb_lower");
    for (const backtest::SignalChange& change : outcome_.tape.signals) {
      if (!is_meant(change.bar)) continue;
      const backtest::Bar& bar = market_.bars[change.bar];
      const SignalRow& row = change.row;
      file.row(symbol(bar.series), source(bar.series), interval_, format_utc(bar.start_ns), format_utc(bar.end_ns),
               to_string(row.signal), to_string(row.previous), to_string(row.reason), to_string(row.trend),
               number(row.close), number(row.rsi), number(row.sma), number(row.bb_upper), number(row.bb_lower));
    }
    file.finish();
  }

  void write_alerts() const {
    File file(directory_, "alerts.csv", "symbol,source,interval_s,bar_start,bar_end,rule,close,rsi");
    for (const backtest::FiredRule& fired : outcome_.tape.fired) {
      if (!is_meant(fired.bar)) continue;
      const backtest::Bar& bar = market_.bars[fired.bar];
      file.row(symbol(bar.series), source(bar.series), interval_, format_utc(bar.start_ns), format_utc(bar.end_ns),
               outcome_.catalog->rules[fired.rule].name(), number(fired.close), number(fired.rsi));
    }
    file.finish();
  }

  [[nodiscard]] std::string parameter_names() const {
    std::string names;
    for (const backtest::Parameter& parameter : outcome_.parameters) names += parameter.name + ",";
    return names;
  }

  void write_sweep() const {
    std::string header = parameter_names();
    for (const auto& [name, value] : performance_values(outcome_.performance)) header += name + ",";
    header.pop_back();
    File file(directory_, "sweep.csv", header);
    for (const SweepRow& row : outcome_.sweep) {
      std::string line;
      for (const double value : row.values) line += number(value) + ",";
      for (const auto& [name, value] : performance_values(row.performance)) line += csv_value(value) + ",";
      line.pop_back();
      file.row(line);
    }
    file.finish();
  }

  void write_walk_forward() const {
    File file(
        directory_, "walk_forward.csv",
        fmt::format(
            "train_from,train_to,test_from,test_to,{}train_{},test_return,test_sharpe,test_max_drawdown,test_trades",
            parameter_names(), to_string(outcome_.objective)));
    for (const WalkForwardRow& row : outcome_.walk_forward) {
      std::string values;
      for (const double value : row.values) values += number(value) + ",";
      file.row(format_utc(row.fold.train.from_ns), format_utc(row.fold.train.to_ns), format_utc(row.fold.test.from_ns),
               format_utc(row.fold.test.to_ns), values + number(row.train_value.value_or(std::nan(""))),
               number(row.test.total_return), number(row.test.sharpe.value_or(std::nan(""))),
               number(row.test.max_drawdown), std::to_string(row.test.trades));
    }
    file.finish();
  }

  const BacktestOutcome& outcome_;
  const backtest::Market& market_;
  int decimals_;
  std::string interval_;
  std::string directory_;
};

}  // namespace

void write_outcome(const BacktestOutcome& outcome, const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) throw std::runtime_error(directory + " cannot be made: " + failed.message());
  // A run writes them or not: those of an earlier one would pass for its own.
  for (const char* name : {"sweep.csv", "walk_forward.csv"}) {
    std::filesystem::remove(std::filesystem::path(directory) / name, failed);
  }
  Writer(outcome, directory).write();
}

}  // namespace tapeline::app
