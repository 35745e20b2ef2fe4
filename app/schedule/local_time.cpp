#include "app/schedule/local_time.hpp"

#include <algorithm>

namespace tapeline::app {
namespace {

constexpr Nanos day_ns = 86'400 * nanos_per_second;

}  // namespace

std::vector<Nanos> instants_of(Nanos local_ns, const TradingCalendar& zone) {
  std::vector<Nanos> found;
  for (const Nanos around : {local_ns - day_ns, local_ns + day_ns}) {
    const Nanos instant = local_ns - zone.offset_s(around) * nanos_per_second;
    const bool is_shown = instant + zone.offset_s(instant) * nanos_per_second == local_ns;
    if (is_shown && (found.empty() || found.back() != instant)) found.push_back(instant);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Nanos change_over(Nanos local_ns, const TradingCalendar& zone) {
  Nanos before = local_ns - day_ns, after = local_ns + day_ns;
  const std::int32_t offset_before = zone.offset_s(before);
  while (after - before > 1) {
    const Nanos middle = before + (after - before) / 2;
    (zone.offset_s(middle) == offset_before ? before : after) = middle;
  }
  return after;
}

std::chrono::sys_days local_day(Nanos time_ns, const TradingCalendar& zone) noexcept {
  const std::chrono::nanoseconds local(time_ns + zone.offset_s(time_ns) * nanos_per_second);
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::nanoseconds>(local));
}

Nanos instant_of(std::chrono::sys_days day, std::chrono::minutes clock, const TradingCalendar& zone) {
  const Nanos local_ns = std::chrono::nanoseconds(day.time_since_epoch() + clock).count();
  const std::vector<Nanos> instants = instants_of(local_ns, zone);
  return instants.empty() ? change_over(local_ns, zone) : instants.front();
}

}  // namespace tapeline::app
