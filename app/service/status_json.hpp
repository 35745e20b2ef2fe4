// The state of a running lane as JSON: what /api/status, /healthz and `tapeline status` say.
#pragma once

#include <string>

#include "app/lane_stats.hpp"
#include "app/service/health.hpp"

namespace tapeline::app {

/// {"alive":true,"ready":false,"reasons":["sink redis: ..."]}
[[nodiscard]] std::string health_json(const HealthReport& health);

/// Health, summary, stages, links, sources and sinks.
[[nodiscard]] std::string status_json(const LaneStats& stats, const HealthReport& health,
                                      const std::string& configuration_hash);

/// The same for people.
[[nodiscard]] std::string status_text(const LaneStats& stats, const HealthReport& health);

}  // namespace tapeline::app
