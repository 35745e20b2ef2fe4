// What a dashboard is told as it happens: latest values that changed, new alerts, the state once a second.
//
// Output    {"latest":[...],"alerts":[...],"status":{...}}; what is not there has not changed.
#pragma once

#include <string>

#include "app/lane.hpp"
#include "app/service/health.hpp"
#include "sinks/dashboard/http_server.hpp"

namespace tapeline::app {

/// One client's view of a lane, conflated to the newest values since it was last told.
class LiveJson final : public sinks::dashboard::LiveFeed {
 public:
  LiveJson(const Lane& lane, const HealthMonitor& monitor, std::string configuration_hash);

  [[nodiscard]] std::string next() override;
  /// Clients have nothing to say.
  void receive(std::string_view) override {}

 private:
  const Lane& lane_;
  const HealthMonitor& monitor_;
  std::string configuration_hash_;
  std::uint64_t version_ = 0;
  std::uint64_t alerts_told_ = 0;
  Nanos next_status_ns_ = 0;
};

}  // namespace tapeline::app
