#include <stdexcept>

#include <fmt/format.h>

#include "app/backtest/outcome.hpp"
#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/copy_encoder.hpp"

namespace tapeline::app {
namespace {

using sinks::postgres::Connection;
using sinks::postgres::CopyEncoder;

void time_or_null(CopyEncoder& encoder, Nanos time_ns) {
  if (time_ns == 0) return encoder.null();
  encoder.timestamptz(time_ns);
}

std::string trades_of(const BacktestOutcome& outcome, std::int64_t run_id) {
  const int decimals = static_cast<int>(outcome.config.backtest.quantity_decimals);
  CopyEncoder encoder;
  std::int32_t number = 0;
  for (const backtest::Trade& trade : outcome.result.trades) {
    const backtest::Series& series = outcome.tape.market->series[trade.series];
    encoder.begin_row(16);
    encoder.int8(run_id);
    encoder.int4(++number);
    encoder.text(series.symbol);
    encoder.text(series.source);
    encoder.text(trade.quantity < 0 ? "short" : "long");
    encoder.numeric(trade.quantity < 0 ? -Int128{trade.quantity} : Int128{trade.quantity}, -decimals);
    encoder.timestamptz(trade.entry_signal_ns);
    encoder.timestamptz(trade.entry_ns);
    encoder.numeric(trade.entry_price.mantissa, trade.entry_price.exponent);
    time_or_null(encoder, trade.exit_signal_ns);
    time_or_null(encoder, trade.exit_ns);
    if (trade.end == backtest::TradeEnd::open) {
      encoder.null();
    } else {
      encoder.numeric(trade.exit_price.mantissa, trade.exit_price.exponent);
    }
    encoder.text(to_string(trade.end));
    encoder.numeric(trade.fees, -backtest::money_decimals);
    encoder.numeric(trade.profit(), -backtest::money_decimals);
    encoder.int8(static_cast<std::int64_t>(trade.bars));
  }
  return std::string(encoder.finish());
}

std::string equity_of(const BacktestOutcome& outcome, std::int64_t run_id) {
  CopyEncoder encoder;
  backtest::Money high = outcome.result.initial_cash;
  for (const backtest::EquityPoint& point : outcome.result.equity) {
    high = std::max(high, point.equity);
    encoder.begin_row(6);
    encoder.int8(run_id);
    encoder.timestamptz(point.time_ns);
    for (const backtest::Money amount : {point.equity, point.cash, point.exposure}) {
      encoder.numeric(amount, -backtest::money_decimals);
    }
    encoder.float8(1 - backtest::to_double(point.equity) / backtest::to_double(high));
  }
  return std::string(encoder.finish());
}

}  // namespace

std::string store_outcome(const BacktestOutcome& outcome, const Secret& dsn, int call_timeout_ms) {
  Connection connection(dsn, call_timeout_ms);
  const auto must = [&](bool is_done) {
    if (!is_done) throw std::runtime_error("PostgreSQL: " + connection.error() + "; nothing of the run was stored");
  };
  std::string symbols;
  for (const backtest::Series& series : outcome.tape.market->series) {
    std::string quoted;
    for (const char c : series.symbol) quoted += c == '"' || c == '\\' ? std::string({'\\', c}) : std::string(1, c);
    symbols += (symbols.empty() ? "\"" : ",\"") + quoted + '"';
  }
  must(connection.open() && connection.execute("begin"));
  const auto rows = connection.query(
      "insert into backtest_run (configuration_hash, source, interval_s, symbols, summary)"
      " values ($1, $2, $3::int, $4::text[], $5::jsonb) returning run_id",
      {outcome.configuration_hash, outcome.source, std::to_string(outcome.tape.market->interval_s), "{" + symbols + "}",
       summary_json(outcome)});
  must(rows.has_value());
  const std::string run_id = rows->front().front();
  must(connection.copy("copy backtest_trade from stdin (format binary)", trades_of(outcome, std::stoll(run_id))));
  must(connection.copy("copy backtest_equity from stdin (format binary)", equity_of(outcome, std::stoll(run_id))));
  must(connection.commit());
  return run_id;
}

}  // namespace tapeline::app
