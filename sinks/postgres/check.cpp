#include "sinks/postgres/check.hpp"

#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/copy_encoder.hpp"

namespace tapeline::sinks::postgres {

CheckResult check(const Secret& dsn, int timeout_ms) {
  Connection connection(dsn, timeout_ms);
  if (!connection.open()) return {false, connection.error() + "; start the server (./dev up starts the private one) or mend postgres.dsn", 0};
  const Nanos began_ns = steady_now_ns();
  CopyEncoder row;
  row.begin_row(1);
  row.numeric(1, -2);
  const bool is_ok = connection.execute("begin") && connection.execute("create temporary table tapeline_check (value numeric) on commit drop") &&
                     connection.copy("copy tapeline_check from stdin (format binary)", row.finish()) && connection.execute("rollback");
  if (!is_ok) return {false, connection.error() + "; the role must be allowed to write", 0};
  const Nanos latency_ns = steady_now_ns() - began_ns;
  const auto tables = connection.query("select to_regclass('lane_checkpoint') is not null");
  if (!tables || (*tables)[0][0] != "t") return {true, "reachable; tables are not there yet: `tapeline migrate`, or the first run, makes them", latency_ns};
  return {true, "copied a row and took it back", latency_ns};
}

}  // namespace tapeline::sinks::postgres
