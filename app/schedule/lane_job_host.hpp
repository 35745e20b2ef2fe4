// What the steps of jobs ask of a lane that runs in this process.
//
// Threads   The scheduler's. The lane outlives it.
#pragma once

#include <atomic>

#include "app/lane.hpp"
#include "app/schedule/scheduler.hpp"
#include "sinks/redis/connection.hpp"

namespace tapeline::app {

class LaneJobHost final : public JobHost {
 public:
  /// Long calls end early, as failures, once `is_stopping`.
  LaneJobHost(const Config& config, const LaneOptions& options, Lane& lane, const std::atomic<bool>& is_stopping);

  [[nodiscard]] std::string fetch() override;
  [[nodiscard]] std::string settle() override;
  void publish(const PendingAlert& alert) override;

 private:
  template <class Done>
  void wait_for(Nanos timeout_ns, const char* what, Done done) const;

  Lane& lane_;
  const std::atomic<bool>& is_stopping_;
  bool is_stored_;
  sinks::redis::Config redis_;
  sinks::redis::Connection connection_;
};

}  // namespace tapeline::app
