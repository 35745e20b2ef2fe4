#include "app/config/bind_schedule.hpp"

#include <algorithm>
#include <stdexcept>

#include "app/schedule/job.hpp"

namespace tapeline::app {
namespace {

constexpr int catch_up_hours_max = 14 * 24;

bool is_job_name(const std::string& name) {
  return !name.empty() && name.size() <= 31 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_source_name(const std::string& name) {
  constexpr std::string_view names[] = {"alpha_vantage", "coingecko", "yahoo", "binance", "coinbase", "kraken"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

void bind_job(Section& section, JobConfig& job) {
  section.boolean("enabled", job.enabled);
  section.text("time_zone", job.time_zone);
  section.text("calendar", job.calendar);
  section.texts("holidays", job.holidays);
  section.word("missed", job.missed, {{"skip", Missed::skip}, {"catch_up", Missed::catch_up}});
  section.integer("catch_up_hours", job.catch_up_hours, 1, catch_up_hours_max);
  section.texts("steps", job.steps);
  section.reject_unknown({});
  try {
    static_cast<void>(Job(job));
  } catch (const std::invalid_argument& error) {
    section.complain("steps", error.what());
  }
}

}  // namespace

void bind_schedule(Section& section, ScheduleConfig& schedule, Reading& reading) {
  section.boolean("enabled", schedule.enabled);
  section.number("significant_move_pct", schedule.significant_move_pct, 0.01, 1'000);
  Section jobs(section.path_of("jobs"), section.sub_table("jobs"), reading);
  section.reject_unknown({"jobs"});
  for (const std::string& name : jobs.named_tables()) {
    if (!is_job_name(name) || is_source_name(name)) {
      jobs.complain(name, "is no name for a job; write 1 to 31 small letters, digits, _ or -, and no source's name");
    }
    const bool is_default =
        std::any_of(schedule.jobs.begin(), schedule.jobs.end(), [&](const JobConfig& job) { return job.name == name; });
    if (is_default) continue;
    schedule.jobs.emplace_back();
    schedule.jobs.back().name = name;
  }
  for (JobConfig& job : schedule.jobs) {
    Section one(jobs.path_of(job.name), jobs.sub_table(job.name.c_str()), reading);
    bind_job(one, job);
  }
}

}  // namespace tapeline::app
