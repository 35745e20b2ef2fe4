// [schedule]: jobs, what they do and when.
#pragma once

#include <string>
#include <vector>

namespace tapeline::app {

/// What becomes of a run that was due while nothing ran.
enum class Missed { skip, catch_up };

struct JobConfig {
  std::string name;
  bool enabled = true;
  std::string time_zone = "UTC";
  std::string calendar = "always";
  std::vector<std::string> holidays;  // days of one's own, "2026-11-23"
  Missed missed = Missed::skip;
  int catch_up_hours = 6;          // what is older is skipped
  std::vector<std::string> steps;  // "0 6 * * mon-fri fetch": when, and what
};

inline std::vector<JobConfig> default_jobs() {
  return {
      {.name = "poll", .steps = {"*/5 * * * * fetch"}},
      {.name = "quality", .steps = {"7 * * * * quality"}},
      {.name = "morning",
       .time_zone = "America/New_York",
       .calendar = "XNYS",
       .missed = Missed::catch_up,
       .steps = {"0 6 * * mon-fri fetch", "5 6 * * mon-fri overnight_changes", "10 6 * * mon-fri database_update",
                 "15 6 * * mon-fri signals", "20 6 * * mon-fri significant_moves"}},
  };
}

struct ScheduleConfig {
  bool enabled = false;
  double significant_move_pct = 3;  // of the previous session's close
  std::vector<JobConfig> jobs = default_jobs();
};

}  // namespace tapeline::app
