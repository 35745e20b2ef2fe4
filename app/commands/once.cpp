#include "app/commands/once.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "app/commands/control.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/lane.hpp"
#include "app/lane_sources.hpp"
#include "app/schedule/schedule_thread.hpp"
#include "app/service/lane_service.hpp"
#include "core/runtime/idle.hpp"
#include "sinks/dashboard/http_server.hpp"

namespace tapeline::app {

namespace {

using sinks::dashboard::Method;
using sinks::dashboard::Response;

constexpr int service_timeout_ms = 5'000;
constexpr Nanos look_again_ns = 100 * nanos_per_millisecond;

/// Prints what was done; 0 when all of it is well.
int tell(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  const auto has = [&](const char* word) {
    return text.starts_with(word) || text.find(std::string("\n") + word) != std::string::npos;
  };
  return has("failed ") || has("findings ") ? 1 : 0;
}

/// Asks the running service; nullopt: there is none.
std::optional<int> job_by_service(const std::string& socket, const OnceOptions& options) {
  Response begun;
  try {
    begun =
        ask_over_socket(socket, Method::post,
                        fmt::format("/jobs?job={}&session={}&again={}", options.what,
                                    sinks::dashboard::percent_encoded(options.session), options.again ? "yes" : "no"),
                        service_timeout_ms);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
  if (begun.status != 202) throw std::runtime_error("the running service refuses: " + begun.body);
  while (!begun.body.empty() && begun.body.back() == '\n') begun.body.pop_back();
  for (;;) {
    const Response answer = ask_over_socket(socket, Method::get, "/jobs?number=" + begun.body, service_timeout_ms);
    if (answer.status == 200) return tell(answer.body);
    sleep_for(look_again_ns);
  }
}

int run_job(const LoadedConfig& loaded, const OnceOptions& options) {
  if (!loaded.config.postgres.enabled || options.dry_run) {
    throw std::invalid_argument("a job works on stored rows: it needs postgres.enabled, and no --dry-run");
  }
  const std::string var = resolve_var_directory();
  if (const auto status = job_by_service(service_socket(var, loaded.config.lane), options)) return *status;

  Config config = loaded.config;
  config.schedule.enabled = false;  // this one job, and no other that is due
  const LaneOptions lane_options{.name = config.lane,
                                 .configuration_hash = loaded.hash,
                                 .var_directory = var,
                                 .sinks = SinkChoice::configured,
                                 .is_recording = false};
  Lane lane(config, lane_options, [&](feeds::Poller& poller) { add_polled_sources(config, "", poller); });
  std::optional<std::string> answer;
  int drained = 0;
  {
    ScheduleThread schedule(config, lane_options, lane);
    const auto number = schedule.ask({.job = options.what,
                                      .session = options.session,
                                      .again = options.again ? Scheduler::Again::yes : Scheduler::Again::no});
    drained = control(lane, {.for_seconds = std::nullopt,
                             .display = Display::none,
                             .summary = Summary::none,
                             .until =
                                 [&] {
                                   answer = schedule.answer(number);
                                   return answer.has_value();
                                 },
                             .log = config.log});
  }
  const int status = answer ? tell(*answer) : 1;
  return drained != 0 ? drained : status;
}

}  // namespace

int run_once(const OnceOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file);
  const auto& jobs = loaded.config.schedule.jobs;
  if (std::any_of(jobs.begin(), jobs.end(), [&](const JobConfig& job) { return job.name == options.what; })) {
    return run_job(loaded, options);
  }
  const LaneOptions lane_options{.name = loaded.config.lane,
                                 .configuration_hash = loaded.hash,
                                 .var_directory = resolve_var_directory(),
                                 .sinks = options.dry_run ? SinkChoice::none : SinkChoice::configured,
                                 .is_recording = false};
  std::size_t added = 0;
  Lane lane(loaded.config, lane_options,
            [&](feeds::Poller& poller) { added = add_polled_sources(loaded.config, options.what, poller); });
  if (added == 0) {
    throw std::invalid_argument(
        fmt::format("{}: no polled source to ask{}; enable one under [sources.*]", loaded.file,
                    options.what.empty() ? "" : fmt::format(" ({} is not enabled, or streams)", options.what)));
  }
  return control(lane, {.for_seconds = std::nullopt,
                        .display = Display::log,
                        .summary = Summary::text,
                        .until_round_done = true,
                        .log = loaded.config.log});
}

}  // namespace tapeline::app
