#include "sinks/postgres/tick_partition.hpp"

#include "core/base/time.hpp"

namespace tapeline::sinks::postgres {
namespace {

constexpr std::int64_t day_s = 86'400;

}  // namespace

std::int64_t day_of(Nanos time_ns) noexcept {
  constexpr Nanos day_ns = day_s * nanos_per_second;
  return time_ns / day_ns - (time_ns % day_ns < 0 ? 1 : 0);
}

bool make_tick_partition(Connection& connection, std::int64_t day) {
  const std::string date = format_utc(day * day_s * nanos_per_second).substr(0, 10);
  return connection.query("select make_tick_partition($1)", {date}).has_value();
}

}  // namespace tapeline::sinks::postgres
