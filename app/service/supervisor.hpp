// What the service manager is told (systemd's notify protocol): ready, alive, how it goes, that it ends.
//
// Threads   The control thread's.
// Failure   None: without $NOTIFY_SOCKET nothing is told.
#pragma once

#include "app/service/health.hpp"
#include "core/base/time.hpp"

namespace tapeline::app {

class Supervisor {
 public:
  Supervisor();

  /// Tells what has changed. The watchdog is fed only while every stage goes round and data is taken: a process that
  /// runs and does nothing is restarted.
  void tell(const HealthReport& health, Nanos steady_ns);
  void tell_stopping();

 private:
  Nanos feed_every_ns_ = 0;  // half of the watchdog's time; 0: there is none
  Nanos next_feed_ns_ = 0;
  bool has_told_ready_ = false;
  std::string status_;
};

}  // namespace tapeline::app
