#include "sinks/postgres/migrate.hpp"

#include <algorithm>
#include <stdexcept>

#include "sinks/postgres/connection.hpp"

namespace tapeline::sinks::postgres {

std::vector<std::string> migrate(const Secret& dsn, int call_timeout_ms) {
  Connection connection(dsn, call_timeout_ms);
  const auto must = [&](bool is_ok, std::string_view what) {
    if (!is_ok) throw std::runtime_error("PostgreSQL: " + std::string(what) + ": " + connection.error());
  };
  must(connection.open(), "cannot connect");
  must(connection.execute("set client_min_messages = warning; set lock_timeout = '5s'"), "cannot prepare the session");
  // 0x7461706c: "tapl". Held until the connection closes, so that two processes do not migrate at once.
  must(connection.query("select pg_advisory_lock(1952542828)").has_value(), "another migration does not end");
  must(connection.execute("create table if not exists schema_migrations (version text primary key, applied_at "
                          "timestamptz not null default now())"),
       "cannot make schema_migrations");
  const auto applied = connection.query("select version from schema_migrations");
  must(applied.has_value(), "cannot read schema_migrations");
  std::vector<std::string> done;
  for (const Migration& migration : migrations()) {
    const std::string version(migration.version);
    const bool is_known =
        std::any_of(applied->begin(), applied->end(), [&](const auto& row) { return row[0] == version; });
    if (is_known) continue;
    must(connection.execute("begin"), version);
    must(connection.execute(std::string(migration.sql)), version);
    must(connection.query("insert into schema_migrations (version) values ($1)", {version}).has_value(), version);
    must(connection.execute("commit"), version);
    done.push_back(version);
  }
  return done;
}

}  // namespace tapeline::sinks::postgres
