#include "app/service/lane_service.hpp"

#include <filesystem>
#include <limits>
#include <system_error>

#include "app/commands/explain.hpp"
#include "app/config/private_servers.hpp"
#include "app/service/live_json.hpp"
#include "app/service/metrics_text.hpp"
#include "app/service/query.hpp"
#include "app/service/sources_text.hpp"
#include "app/service/status_json.hpp"
#include "sinks/dashboard/page.hpp"

namespace tapeline::app {

using sinks::dashboard::Request;
using sinks::dashboard::Response;
using sinks::dashboard::Visibility;

namespace {

constexpr const char* json = "application/json";

/// Health is for supervisors; the page that asks for the token must be seen without it.
Visibility visibility_of(std::string_view path) {
  const bool is_open = path == "/healthz" || path == "/readyz" || path == "/login" || path == "/style.css";
  return is_open ? Visibility::open : Visibility::guarded;
}

}  // namespace

std::string service_socket(const std::string& var_directory, const std::string& lane) {
  return var_directory + "/run/" + lane + ".sock";
}

LaneService::LaneService(const Config& config, const LaneOptions& options, const Lane& lane, ScheduleThread* schedule)
    : lane_(lane),
      config_(config),
      schedule_(schedule),
      name_(options.name),
      configuration_hash_(options.configuration_hash),
      journal_directory_(journal_directory(config, options)) {
  if (!config.dashboard.enabled) return;
  try {
    if (config.postgres.enabled && options.sinks == SinkChoice::configured) {
      history_ = std::make_unique<History>(resolve_postgres(config.postgres, options.var_directory),
                                           config.postgres.call_timeout_ms, options.name);
    }
    const std::string socket = service_socket(options.var_directory, options.name);
    std::filesystem::create_directories(std::filesystem::path(socket).parent_path());
    sinks::dashboard::HttpServer::Content content{
        .respond = [this](const Request& request) { return respond(request); },
        .visibility = visibility_of,
        .make_feed = [this] { return std::make_unique<LiveJson>(lane_, monitor_, configuration_hash_); }};
    server_ = std::make_unique<sinks::dashboard::HttpServer>(config.dashboard, socket, std::move(content));
  } catch (const std::exception& error) {
    problem_ = error.what();
  }
}

void LaneService::observe(Nanos steady_ns) {
  if (steady_ns < next_look_ns_) return;
  next_look_ns_ = steady_ns + HealthMonitor::interval_ns;
  monitor_.observe(lane_.stats(), steady_ns);
}

Response LaneService::respond(const Request& request) {
  if (request.path == "/jobs") return jobs(request);
  if (request.method != sinks::dashboard::Method::get) return {.status = 405, .body = "only /jobs takes a POST\n"};
  if (request.path == "/metrics") return metrics();
  if (request.path == "/api/status") return status();
  if (request.path == "/status") return {.body = status_text(lane_.stats(), monitor_.report())};
  if (request.path == "/sources") return {.body = sources_text(lane_.stats().sources, wall_now_ns())};
  if (request.path == "/api/sources") return sources();
  if (request.path == "/healthz" || request.path == "/readyz") {
    const HealthReport health = monitor_.report();
    const bool is_good = request.path == "/healthz" ? health.is_alive : health.is_ready;
    return {.status = is_good ? 200U : 503U, .content_type = json, .body = health_json(health) + '\n'};
  }
  if (request.path.starts_with("/api/")) return look_back(request);
  if (const auto file = sinks::dashboard::page_file(request.path)) {
    return {.content_type = std::string(file->content_type), .body = std::string(file->bytes)};
  }
  return {.status = 404, .body = "here are the dashboard at /, /metrics, /healthz, /readyz and /api/status\n"};
}

Response LaneService::look_back(const Request& request) {
  const Query query(request.query);
  const auto json_answer = [](std::string body) { return Response{.content_type = json, .body = std::move(body)}; };
  const auto limit = [&](int most) { return static_cast<int>(query.number("limit", 100, 1, most)); };
  if (!history_) return {.status = 404, .body = "no rows are stored: postgres.enabled is false\n"};
  if (request.path == "/api/bars") {
    return json_answer(
        history_->bars({.symbol = query.text("symbol"),
                        .source = query.text("source"),
                        .interval_s = static_cast<std::uint32_t>(query.number("interval_s", 60, 1, 86'400)),
                        .after_s = query.number("after_s", 0, 0, 32'503'680'000),
                        .limit = limit(5'000)}));
  }
  if (request.path == "/api/intervals") {
    return json_answer(history_->intervals(query.text("symbol"), query.text("source")));
  }
  if (request.path == "/api/alerts") return json_answer(history_->alerts(limit(1'000)));
  if (request.path == "/api/quality") return json_answer(history_->quality(limit(1'000)));
  if (request.path == "/api/completeness") return json_answer(history_->completeness());
  if (request.path == "/api/explain") {
    ExplainOptions options{.alert_id = query.text("alert"), .lane = name_};
    try {
      const ExplainedRow explained = explain(options, config_, configuration_hash_);
      return {.status = explained.is_same ? 200U : 409U, .body = explained.report};
    } catch (const std::runtime_error& error) {
      return {.status = 404, .body = std::string(error.what()) + '\n'};
    }
  }
  return {.status = 404, .body = "there is nothing of this name\n"};
}

Response LaneService::jobs(const Request& request) {
  const Query query(request.query);
  if (schedule_ == nullptr) return {.status = 404, .body = "no rows are stored, so that there are no jobs\n"};
  if (request.method == sinks::dashboard::Method::post) {
    const auto again = query.text("again") == "yes" ? Scheduler::Again::yes : Scheduler::Again::no;
    const auto number = schedule_->ask({.job = query.text("job"), .session = query.text("session"), .again = again});
    return {.status = 202, .body = std::to_string(number) + '\n'};
  }
  const auto text = schedule_->answer(
      static_cast<std::uint64_t>(query.number("number", 0, 0, std::numeric_limits<std::int64_t>::max())));
  return text ? Response{.body = *text} : Response{.status = 202, .body = ""};
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

Response LaneService::sources() const {
  std::string text;
  for (const feeds::SourceStatus& source : lane_.stats().sources)
    text += (text.empty() ? "" : ",") + source_json(source);
  return {.content_type = json, .body = "{\"running\":true,\"sources\":[" + text + "]}\n"};
}

}  // namespace tapeline::app
