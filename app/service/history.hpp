// What PostgreSQL has of a lane, as JSON for the dashboard; the server itself writes the JSON, to the last digit.
//
// Threads   One.
// Failure   Throws std::runtime_error; the next call connects anew.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "sinks/postgres/connection.hpp"

namespace tapeline::app {

class History {
 public:
  History(Secret dsn, int call_timeout_ms, std::string lane);

  struct BarQuery {
    std::string symbol;
    std::string source;
    std::uint32_t interval_s = 0;
    std::int64_t after_s = 0;  // only bars that start later, in seconds since the epoch
    int limit = 0;             // the newest so many
  };
  /// Oldest first: {"time":..,"open":..,...,"rsi":..,"signal":..}. Bars from ticks where there are any, else the source's.
  [[nodiscard]] std::string bars(const BarQuery& query);
  /// The lengths of an instrument's bars, in seconds: [1,60]
  [[nodiscard]] std::string intervals(const std::string& symbol, const std::string& source);
  /// Newest first.
  [[nodiscard]] std::string alerts(int limit);
  /// Rejects, flags and refusals, newest first.
  [[nodiscard]] std::string quality(int limit);
  /// What became of the last hour's data, by source and symbol.
  [[nodiscard]] std::string completeness();

 private:
  [[nodiscard]] std::string ask(const std::string& sql, std::vector<std::string> parameters);

  sinks::postgres::Connection connection_;
  std::string lane_;
};

}  // namespace tapeline::app
