// What is known of jobs in PostgreSQL: how far they are decided, their runs, and what steps compute from stored rows.
//
// Threads   One.
// Failure   Throws std::runtime_error, the database's reason in it; nothing of a run is then stored.
// Ordering  A run, its results and how far the job is decided are one transaction: each run counts once, whenever the
//           process ends.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/schedule/job.hpp"
#include "sinks/postgres/connection.hpp"

namespace tapeline::app {

enum class RunStatus : std::uint8_t { done, findings, failed, skipped };
[[nodiscard]] std::string_view to_string(RunStatus status) noexcept;

/// What came of a step.
struct Outcome {
  RunStatus status = RunStatus::done;
  std::string detail;
};

struct Run {
  const Job* job;
  const Step* step;
  Nanos scheduled_ns;
  std::chrono::sys_days session;
};

struct PendingAlert {
  std::string alert_id;
  std::string symbol;
  std::vector<std::pair<std::string, std::string>> fields;  // of the stream's entry, as text
  std::string json;
};

class JobStore {
 public:
  struct Options {
    Secret dsn;
    int call_timeout_ms = 0;
    std::string lane;
    std::vector<std::uint32_t> intervals_s;  // of the bars among which prices and signals are looked for
  };
  explicit JobStore(Options options);

  /// Since when nothing of `job` is decided; what is not known yet begins with `now_ns`.
  [[nodiscard]] Nanos decided_until(const Job& job, Nanos now_ns);
  /// The status with which this run has ended already.
  [[nodiscard]] std::optional<RunStatus> status_of(const Run& run);
  /// Does the step, when it is one that asks the database alone, and keeps its run; else keeps `done`.
  /// `decided` moves the job's mark to the run's time.
  enum class Decided { stays, moves };
  Outcome perform(const Run& run, const Outcome& done, Nanos started_ns, Nanos ended_ns, double significant_move_pct,
                  Decided decided);

  [[nodiscard]] std::vector<PendingAlert> pending_alerts();
  void published(const std::string& alert_id);
  void close() noexcept { connection_.close(); }

 private:
  using Rows = sinks::postgres::Connection::Rows;
  void ensure_open();
  Rows ask(const std::string& sql, const std::vector<std::string>& parameters);
  Outcome compute(const Run& run, Nanos now_ns, double significant_move_pct);
  Outcome overnight_changes(const Run& run, Nanos now_ns);
  Outcome signals(const Run& run, Nanos now_ns);
  Outcome significant_moves(const Run& run, double threshold_pct);
  Outcome quality(Nanos now_ns);

  sinks::postgres::Connection connection_;
  std::string lane_;
  std::string intervals_;  // as an array of PostgreSQL
};

}  // namespace tapeline::app
