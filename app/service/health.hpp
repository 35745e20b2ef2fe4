// Is the service alive, and is it doing what it is for? With reasons, for people and for supervisors.
//
// alive   every stage's thread has gone round since the last look. What supervisors restart for.
// ready   alive, a source delivers, the sinks take rows, nothing is being lost. What load balancers and alarms ask.
// fresh   data has come within the time a source usually needs, or the source says why not.
//
// Threads   One observes; report() may be asked from any.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "app/lane_stats.hpp"
#include "core/base/time.hpp"

namespace tapeline::app {

struct HealthReport {
  bool is_alive = true;
  bool is_ready = false;
  std::vector<std::string> reasons{"starting"};  // why it is not ready, or what to look after; empty: all is well
};

/// A source that streams, polls or reads, as opposed to one that is connecting, waiting or refused.
[[nodiscard]] bool is_delivering(const feeds::SourceStatus& source);

class HealthMonitor {
 public:
  /// Looks at most once in this time.
  static constexpr Nanos interval_ns = nanos_per_second;
  /// A stage that has not gone round for this long hangs.
  static constexpr Nanos stall_ns = 10 * nanos_per_second;

  void observe(const LaneStats& stats, Nanos steady_ns);
  [[nodiscard]] HealthReport report() const;

 private:
  struct Progress {
    std::uint64_t polls = 0;
    Nanos since_ns = 0;  // when the number was seen first
  };

  std::vector<Progress> stages_;
  std::uint64_t frames_lost_ = 0;
  Nanos frames_lost_at_ns_ = 0;
  mutable std::mutex mutex_;
  HealthReport report_;
};

}  // namespace tapeline::app
