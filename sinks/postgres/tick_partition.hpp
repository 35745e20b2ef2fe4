// The partition of one day's ticks, made before the first of them is copied.
//
// Ordering  A transaction of its own, before the batch's: an empty partition changes nothing that must be exactly once.
// Failure   false: connection.error() says why; the connection is then good for close() only.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "sinks/postgres/connection.hpp"

namespace tapeline::sinks::postgres {

/// Days from the epoch, in UTC.
[[nodiscard]] std::int64_t day_of(Nanos time_ns) noexcept;

/// `day` is counted from the epoch. Several writers may ask for one at the same time.
[[nodiscard]] bool make_tick_partition(Connection& connection, std::int64_t day);

}  // namespace tapeline::sinks::postgres
