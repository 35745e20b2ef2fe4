// What a running lane shows to the outside: metrics, health, status, the dashboard, by HTTP and by a local socket.
//
// Threads   observe() on the control thread; answers are made on the server's own.
// Failure   Where nothing can be listened on, the pipeline runs without: problem() says why.
#pragma once

#include <memory>
#include <string>

#include "app/config/config.hpp"
#include "app/lane.hpp"
#include "app/schedule/schedule_thread.hpp"
#include "app/service/health.hpp"
#include "app/service/history.hpp"
#include "sinks/dashboard/http_server.hpp"

namespace tapeline::app {

/// Where a running lane can be asked: <var>/run/<lane>.sock.
[[nodiscard]] std::string service_socket(const std::string& var_directory, const std::string& lane);

class LaneService {
 public:
  /// `config` and `lane` outlive it.
  /// `schedule` may be nullptr: jobs cannot be asked for then.
  LaneService(const Config& config, const LaneOptions& options, const Lane& lane, ScheduleThread* schedule);

  /// Looks at the lane, when it is time to.
  void observe(Nanos steady_ns);
  /// "http://127.0.0.1:8087"; empty: nothing is served.
  [[nodiscard]] std::string url() const { return server_ ? server_->url() : ""; }
  /// Why nothing is served although it should be; empty: all is well.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  [[nodiscard]] HealthReport health() const { return monitor_.report(); }

 private:
  [[nodiscard]] sinks::dashboard::Response respond(const sinks::dashboard::Request& request);
  /// What needs the database or the journal.
  [[nodiscard]] sinks::dashboard::Response look_back(const sinks::dashboard::Request& request);
  [[nodiscard]] sinks::dashboard::Response metrics() const;
  [[nodiscard]] sinks::dashboard::Response status() const;
  [[nodiscard]] sinks::dashboard::Response sources() const;

  /// POST /jobs?job=NAME begins one, GET /jobs?number=N has its answer.
  [[nodiscard]] sinks::dashboard::Response jobs(const sinks::dashboard::Request& request);

  const Lane& lane_;
  const Config& config_;
  ScheduleThread* schedule_;
  std::string name_;
  std::string configuration_hash_;
  std::unique_ptr<History> history_;  // none where no rows are stored
  std::string journal_directory_;
  HealthMonitor monitor_;
  Nanos next_look_ns_ = 0;
  std::string problem_;
  std::unique_ptr<sinks::dashboard::HttpServer> server_;
};

}  // namespace tapeline::app
