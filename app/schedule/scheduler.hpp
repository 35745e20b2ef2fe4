// Runs jobs when they are due, each step once: what was missed while nothing ran is caught up or skipped.
//
// Threads   One. The host's calls may take minutes.
// Failure   A step that fails is tried again, then kept as failed; a database that is away is waited for. Nothing throws.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/schedule/job_store.hpp"
#include "app/schedule/planner.hpp"
#include "core/runtime/operations.hpp"

namespace tapeline::app {

/// What steps ask of the lane. Both wait for the end, and throw std::runtime_error with the reason.
class JobHost {
 public:
  virtual ~JobHost() = default;
  /// Every polled source asked once; what came of it.
  [[nodiscard]] virtual std::string fetch() = 0;
  /// All that has been received is stored.
  [[nodiscard]] virtual std::string settle() = 0;
  /// The alert is in the stream and told to subscribers, once however often it is given.
  virtual void publish(const PendingAlert& alert) = 0;
};

class Scheduler {
 public:
  struct Surroundings {
    JobHost& host;
    Operations& operations;
    std::function<Nanos()> now_ns;  // wall clock
  };

  /// Throws std::invalid_argument where a job is impossible.
  Scheduler(const ScheduleConfig& config, JobStore::Options store, Surroundings surroundings);

  /// Does what has become due. Returns how many steps were done.
  std::size_t step();

  enum class Again { no, yes };
  struct Result {
    std::string step;
    Outcome outcome;
  };
  /// All steps of a job, now, for a session; those that are done stay done, unless `again`. Throws std::runtime_error.
  std::vector<Result> run_now(const std::string& job, std::optional<std::chrono::sys_days> session, Again again);

  [[nodiscard]] const std::vector<Job>& jobs() const noexcept { return jobs_; }

 private:
  struct Failures {
    Nanos scheduled_ns = 0;
    int attempts = 0;
    Nanos next_ns = 0;
  };

  /// Throws std::runtime_error where the database is away.
  Outcome perform(const Run& run, JobStore::Decided decided, bool is_last_attempt);
  bool step_of(const Job& job, const Due& due);
  void publish();
  void tell(const Run& run, const Outcome& outcome);

  JobStore store_;
  Surroundings surroundings_;
  double significant_move_pct_;
  std::vector<Job> jobs_;
  std::map<std::string, Nanos> decided_until_ns_;
  std::map<std::pair<const Job*, const Step*>, Failures> failures_;
  Nanos database_tried_again_ns_ = 0;
  bool has_pending_alerts_ = true;
};

}  // namespace tapeline::app
