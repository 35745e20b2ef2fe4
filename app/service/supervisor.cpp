#include "app/service/supervisor.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace tapeline::app {

Supervisor::Supervisor() {
  std::uint64_t watchdog_us = 0;
  if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
    feed_every_ns_ = static_cast<Nanos>(watchdog_us) * nanos_per_microsecond / 2;
  }
}

void Supervisor::tell(const HealthReport& health, Nanos steady_ns) {
  // Up means that the pipeline runs, and takes what comes: a sink that is away is no reason to be started again.
  if (!has_told_ready_ && health.is_alive) {
    has_told_ready_ = true;
    sd_notify(0, "READY=1");
  }
  std::string status = health.is_ready ? "ready" : fmt::format("not ready: {}", fmt::join(health.reasons, "; "));
  if (status != status_) {
    sd_notify(0, ("STATUS=" + status).c_str());
    status_ = std::move(status);
  }
  if (feed_every_ns_ > 0 && health.is_alive && steady_ns >= next_feed_ns_) {
    next_feed_ns_ = steady_ns + feed_every_ns_;
    sd_notify(0, "WATCHDOG=1");
  }
}

void Supervisor::tell_stopping() { sd_notify(0, "STOPPING=1\nSTATUS=draining"); }

}  // namespace tapeline::app
