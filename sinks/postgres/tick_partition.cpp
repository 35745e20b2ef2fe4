#include "sinks/postgres/tick_partition.hpp"

#include <algorithm>

#include "core/base/time.hpp"

namespace tapeline::sinks::postgres {
namespace {

constexpr std::int64_t day_s = 86'400;
// 0x7461706d: one beside the migrations' lock.
constexpr const char* take_turns = "select pg_advisory_xact_lock(1952542829)";
constexpr const char* is_attached =
    "select from pg_inherits where inhparent = 'tick'::regclass and inhrelid = to_regclass($1)";

}  // namespace

bool make_tick_partition(Connection& connection, std::int64_t day) {
  const std::string from = format_utc(day * day_s * nanos_per_second);
  const std::string to = format_utc((day + 1) * day_s * nanos_per_second);
  std::string name = "tick_" + from.substr(0, 10);
  std::replace(name.begin(), name.end(), '-', '_');

  const auto known = connection.query(is_attached, {name});
  if (!known) return false;
  if (!known->empty()) return true;
  if (!connection.execute("begin") || !connection.query(take_turns)) return false;
  const auto made_meanwhile = connection.query(is_attached, {name});
  if (!made_meanwhile) return false;
  if (made_meanwhile->empty()) {
    // Made aside and attached: CREATE ... PARTITION OF would wait for every reader of tick, and all others behind it.
    const bool is_made = connection.execute("create table if not exists " + name + " (like tick)") &&
                         connection.execute("alter table tick attach partition " + name + " for values from ('" + from +
                                            "') to ('" + to + "')");
    if (!is_made) return false;
  }
  return connection.execute("commit");
}

}  // namespace tapeline::sinks::postgres
