// `tapeline once`: asks every polled source once, or does a job of [schedule], stores what comes of it, and ends: for
// cron and Airflow.
#pragma once

#include <string>

namespace tapeline::app {

struct OnceOptions {
  std::string config_file;
  std::string what;      // a job, or a source; empty: all sources that are enabled and polled
  bool dry_run = false;  // real requests, no sinks
  std::string session;   // of a job: "2026-11-23"; empty: the present one
  bool again = false;    // a job: also what is done already
};

/// Exit status: 0 all is done, 1 something failed or a check has findings, 3 fenced by another writer. A job that was done
/// for its session is not done again. Where the lane's service runs, it does the job.
[[nodiscard]] int run_once(const OnceOptions& options);

}  // namespace tapeline::app
