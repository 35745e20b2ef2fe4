#include "sinks/postgres/check.hpp"

#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/copy_encoder.hpp"

namespace tapeline::sinks::postgres {
namespace {

/// A row into a table that the writer fills, or, before there are tables, into one such as `tapeline migrate` would
/// make.
bool copy_a_row(Connection& connection, bool has_tables) {
  CopyEncoder row;
  if (!has_tables) {
    row.begin_row(1);
    row.numeric(1, -2);
    return connection.execute("create table tapeline_check (value numeric)") &&
           connection.copy("copy tapeline_check from stdin (format binary)", row.finish());
  }
  // Into a table without an identity: rolling back does not give its numbers back.
  row.begin_row(7);
  row.int2(0);
  row.int8(0);
  row.int2(0);
  for (const char* text : {"check", "check", "rolled back"}) row.text(text);
  row.timestamptz(wall_now_ns());
  return connection.copy(
      "copy quality_event (lane_id, journal_position, source_id, kind, reason, detail, received_time) "
      "from stdin (format binary)",
      row.finish());
}

}  // namespace

CheckResult check(const Secret& dsn, int timeout_ms) {
  Connection connection(dsn, timeout_ms);
  if (!connection.open()) {
    return {false, connection.error() + "; start the server (./dev up starts the private one) or mend postgres.dsn", 0};
  }
  const auto tables = connection.query("select to_regclass('lane_checkpoint') is not null");
  if (!tables) return {false, connection.error(), 0};
  const bool has_tables = (*tables)[0][0] == "t";
  const Nanos began_ns = steady_now_ns();
  if (!connection.execute("begin") || !copy_a_row(connection, has_tables) || !connection.execute("rollback")) {
    return {false, connection.error() + "; the role must be allowed to write", 0};
  }
  const Nanos latency_ns = steady_now_ns() - began_ns;
  if (!has_tables)
    return {true, "reachable; tables are not there yet: `tapeline migrate`, or the first run, makes them", latency_ns};
  return {true, "copied a row and took it back", latency_ns};
}

}  // namespace tapeline::sinks::postgres
