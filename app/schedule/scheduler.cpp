#include "app/schedule/scheduler.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace tapeline::app {
namespace {

constexpr int attempts_max = 3;
constexpr Nanos attempt_delay_ns = 30 * nanos_per_second;
constexpr Nanos database_delay_ns = 5 * nanos_per_second;

}  // namespace

Scheduler::Scheduler(const ScheduleConfig& config, JobStore::Options store, Surroundings surroundings)
    : store_(std::move(store)),
      surroundings_(std::move(surroundings)),
      significant_move_pct_(config.significant_move_pct) {
  for (const JobConfig& job : config.jobs) {
    if (job.enabled) jobs_.emplace_back(job);
  }
}

std::size_t Scheduler::step() {
  const Nanos now_ns = surroundings_.now_ns();
  if (now_ns < database_tried_again_ns_) return 0;
  std::size_t done = 0;
  try {
    if (has_pending_alerts_) publish();
    for (const Job& job : jobs_) {
      auto mark = decided_until_ns_.find(job.name);
      if (mark == decided_until_ns_.end()) {
        mark = decided_until_ns_.emplace(job.name, store_.decided_until(job, now_ns)).first;
      }
      for (const Due& due : due_steps(job, mark->second, now_ns)) {
        if (!step_of(job, due)) break;  // the steps after it wait for it
        mark->second = std::max(mark->second, due.scheduled_ns);
        ++done;
      }
    }
    database_tried_again_ns_ = 0;
  } catch (const std::runtime_error& error) {
    if (database_tried_again_ns_ == 0) {
      surroundings_.operations.tell(Severity::warning, "schedule", std::string(error.what()) + "; jobs wait for it");
    }
    database_tried_again_ns_ = now_ns + database_delay_ns;
  }
  return done;
}

bool Scheduler::step_of(const Job& job, const Due& due) {
  const Run run{
      .job = &job, .step = due.step, .scheduled_ns = due.scheduled_ns, .session = job.session_at(due.scheduled_ns)};
  const Nanos now_ns = surroundings_.now_ns();
  if (due.decision == Due::Decision::skip) {
    const std::string older = due.older > 0 ? fmt::format(", as were {} before it", due.older) : "";
    const Outcome skipped{.status = RunStatus::skipped, .detail = "nothing ran when it was due" + older};
    tell(run, store_.perform(run, skipped, now_ns, now_ns, significant_move_pct_, JobStore::Decided::moves));
    return true;
  }
  Failures& failures = failures_[{&job, due.step}];
  if (failures.scheduled_ns != due.scheduled_ns) failures = {.scheduled_ns = due.scheduled_ns};
  if (now_ns < failures.next_ns) return false;
  const Outcome outcome = perform(run, JobStore::Decided::moves, ++failures.attempts >= attempts_max);
  tell(run, outcome);
  const bool is_over = outcome.status != RunStatus::failed || failures.attempts >= attempts_max;
  failures.next_ns = now_ns + attempt_delay_ns;
  return is_over;
}

Outcome Scheduler::perform(const Run& run, JobStore::Decided decided, bool is_last_attempt) {
  const Nanos started_ns = surroundings_.now_ns();
  Outcome outcome;
  if (store_.status_of(run) == RunStatus::done) {
    outcome = {.detail = "was done already"};
  } else {
    try {
      if (run.step->action == Action::fetch) outcome.detail = surroundings_.host.fetch();
      if (run.step->action == Action::database_update) outcome.detail = surroundings_.host.settle();
    } catch (const std::runtime_error& error) {
      outcome = {.status = RunStatus::failed, .detail = error.what()};
      if (!is_last_attempt) return outcome;
    }
  }
  outcome = store_.perform(run, outcome, started_ns, surroundings_.now_ns(), significant_move_pct_, decided);
  if (run.step->action == Action::significant_moves) {
    has_pending_alerts_ = true;
    publish();
  }
  return outcome;
}

void Scheduler::publish() {
  for (const PendingAlert& alert : store_.pending_alerts()) {
    try {
      surroundings_.host.publish(alert);
    } catch (const std::runtime_error& error) {
      surroundings_.operations.tell(Severity::warning, "schedule",
                                    fmt::format("alert {} waits: {}", alert.alert_id, error.what()));
      return;  // the next round tries again
    }
    store_.published(alert.alert_id);
  }
  has_pending_alerts_ = false;
}

std::vector<Scheduler::Result> Scheduler::run_now(const std::string& name, std::optional<std::chrono::sys_days> session,
                                                  Again again) {
  const auto job = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& one) { return one.name == name; });
  if (job == jobs_.end()) throw std::runtime_error("there is no job " + name);
  const Nanos now_ns = surroundings_.now_ns();
  const std::chrono::sys_days day = session.value_or(job->session_at(now_ns));
  if (!job->days.is_session(day)) throw std::runtime_error(format_date(day) + " is no session of job " + name);
  static_cast<void>(store_.decided_until(*job, now_ns));
  std::vector<Result> results;
  for (const Step& step : job->steps) {
    auto time = job->time_on(step, day, now_ns);
    if (!time) continue;  // not on that day of the week
    if (again == Again::yes) time = now_ns - now_ns % nanos_per_microsecond;
    const Run run{.job = &*job, .step = &step, .scheduled_ns = *time, .session = day};
    const Outcome outcome = perform(run, JobStore::Decided::stays, true);
    tell(run, outcome);
    results.push_back({std::string(to_string(step.action)), outcome});
    if (outcome.status == RunStatus::failed) break;
  }
  if (results.empty()) throw std::runtime_error(fmt::format("job {} has no step on {}", name, format_date(day)));
  return results;
}

void Scheduler::tell(const Run& run, const Outcome& outcome) {
  const bool is_well = outcome.status == RunStatus::done;
  surroundings_.operations.tell(is_well ? Severity::info : Severity::warning, "schedule",
                                fmt::format("{} {} of {}: {}: {}", run.job->name, to_string(run.step->action),
                                            format_date(run.session), to_string(outcome.status), outcome.detail));
}

}  // namespace tapeline::app
