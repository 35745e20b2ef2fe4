#include "sinks/postgres/migrate.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

#include "core/base/time.hpp"
#include "sinks/postgres/connection.hpp"
#include "sinks/postgres/server_away.hpp"

namespace tapeline::sinks::postgres {

namespace {

/// To make or change tables takes longer than to write into them. For very large ones a higher call_timeout_ms counts.
constexpr int change_timeout_ms = 60'000;

std::vector<Migration> missing_of(const Connection::Rows& applied) {
  std::vector<Migration> missing;
  std::copy_if(migrations().begin(), migrations().end(), std::back_inserter(missing), [&](const Migration& migration) {
    return std::none_of(applied.begin(), applied.end(), [&](const auto& row) { return row[0] == migration.version; });
  });
  return missing;
}

/// A server that is starting, as after a crash of its own, is worth waiting for; one that is not there is not. One that
/// lets others in may have begun to a moment ago: that is a reason for one more try.
bool open_once_started(Connection& connection, WhileStarting while_starting) {
  constexpr Nanos patience_ns = 30 * nanos_per_second;
  constexpr Nanos look_again_ns = 100 * nanos_per_millisecond;
  if (while_starting == WhileStarting::give_up) return connection.open();
  const Nanos deadline_ns = steady_now_ns() + patience_ns;
  for (bool was_ready = false; !connection.open();) {
    const ServerState state = connection.server_state();
    const bool is_refused = std::exchange(was_ready, state == ServerState::ready) && was_ready;
    if (state == ServerState::absent || is_refused || steady_now_ns() > deadline_ns) return false;
    std::this_thread::sleep_for(std::chrono::nanoseconds(look_again_ns));
  }
  return true;
}

}  // namespace

std::vector<std::string> migrate(const Secret& dsn, int call_timeout_ms, WhileStarting while_starting) {
  Connection connection(dsn, call_timeout_ms);
  const auto must = [&](bool is_ok, std::string_view what) {
    if (is_ok) return;
    throw_opening_failure("PostgreSQL: " + std::string(what) + ": " + connection.error(), connection.sql_state());
  };
  must(open_once_started(connection, while_starting), "cannot connect");
  must(connection.execute("set client_min_messages = warning; set lock_timeout = '5s'"), "cannot prepare the session");
  // Who may only write finds everything done, and asks for nothing that only the owner may do.
  const auto count = connection.query(
      "select count(*) from pg_tables where tablename = 'schema_migrations' and "
      "schemaname = any (current_schemas(false))");
  must(count.has_value(), "cannot look for schema_migrations");
  if ((*count)[0][0] != "0") {
    const auto known = connection.query("select version from schema_migrations");
    must(known.has_value(), "cannot read schema_migrations");
    if (missing_of(*known).empty()) return {};
  }
  connection.set_timeout(std::max(call_timeout_ms, change_timeout_ms));
  // 0x7461706c: "tapl". Held until the connection closes, so that two processes do not migrate at once.
  must(connection.query("select pg_advisory_lock(1952542828)").has_value(), "another migration does not end");
  must(connection.execute("create table if not exists schema_migrations (version text primary key, applied_at "
                          "timestamptz not null default now())"),
       "cannot make schema_migrations");
  const auto applied = connection.query("select version from schema_migrations");
  must(applied.has_value(), "cannot read schema_migrations");
  std::vector<std::string> done;
  for (const Migration& migration : missing_of(*applied)) {
    const std::string version(migration.version);
    must(connection.execute("begin"), version);
    must(connection.execute(std::string(migration.sql)), version);
    must(connection.query("insert into schema_migrations (version) values ($1)", {version}).has_value(), version);
    must(connection.execute("commit"), version);
    done.push_back(version);
  }
  return done;
}

}  // namespace tapeline::sinks::postgres
