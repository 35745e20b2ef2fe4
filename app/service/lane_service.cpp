#include "app/service/lane_service.hpp"

#include <filesystem>
#include <system_error>

#include "app/service/metrics_text.hpp"
#include "app/service/status_json.hpp"

namespace tapeline::app {

using sinks::dashboard::Request;
using sinks::dashboard::Response;
using sinks::dashboard::Visibility;

std::string service_socket(const std::string& var_directory, const std::string& lane) {
  return var_directory + "/run/" + lane + ".sock";
}

LaneService::LaneService(const Config& config, const LaneOptions& options, const Lane& lane)
    : lane_(lane),
      configuration_hash_(options.configuration_hash),
      journal_directory_(journal_directory(config, options)) {
  if (!config.dashboard.enabled) return;
  try {
    const std::string socket = service_socket(options.var_directory, options.name);
    std::filesystem::create_directories(std::filesystem::path(socket).parent_path());
    server_ = std::make_unique<sinks::dashboard::HttpServer>(
        config.dashboard, socket,
        sinks::dashboard::HttpServer::Content{.respond = [this](const Request& request) { return respond(request); },
                                              .visibility =
                                                  [](std::string_view path) {
                                                    return path == "/healthz" || path == "/readyz"
                                                               ? Visibility::open
                                                               : Visibility::guarded;
                                                  },
                                              .make_feed = nullptr});
  } catch (const std::exception& error) {
    problem_ = error.what();
  }
}

void LaneService::observe(Nanos steady_ns) {
  if (steady_ns < next_look_ns_) return;
  next_look_ns_ = steady_ns + HealthMonitor::interval_ns;
  monitor_.observe(lane_.stats(), steady_ns);
}

Response LaneService::respond(const Request& request) const {
  constexpr const char* json = "application/json";
  if (request.path == "/metrics") return metrics();
  if (request.path == "/api/status") return status();
  if (request.path == "/status") return {.body = status_text(lane_.stats(), monitor_.report())};
  if (request.path == "/healthz" || request.path == "/readyz") {
    const HealthReport health = monitor_.report();
    const bool is_good = request.path == "/healthz" ? health.is_alive : health.is_ready;
    return {.status = is_good ? 200U : 503U, .content_type = json, .body = health_json(health) + '\n'};
  }
  return {.status = 404, .body = "here are /metrics, /healthz, /readyz and /api/status\n"};
}

Response LaneService::metrics() const {
  const LaneStats stats = lane_.stats();
  const std::vector<BoardLine> symbols = lane_.board().lines();
  const ProcessStats process = read_process_stats();
  std::error_code ignored;
  const auto space = std::filesystem::space(journal_directory_, ignored);
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = metrics_text({.stats = stats,
                                .symbols = symbols,
                                .process = process,
                                .configuration_hash = configuration_hash_,
                                .journal_disk_free_bytes = ignored ? 0 : space.available})};
}

Response LaneService::status() const {
  return {.content_type = "application/json",
          .body = status_json(lane_.stats(), monitor_.report(), configuration_hash_) + '\n'};
}

}  // namespace tapeline::app
