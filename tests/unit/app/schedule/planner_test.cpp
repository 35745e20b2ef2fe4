#include "app/schedule/planner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"

namespace tapeline::app {
namespace {

using ::testing::ElementsAre;

Job morning(Missed missed = Missed::catch_up) {
  JobConfig config = default_jobs().at(2);
  config.missed = missed;
  return Job(config);
}

Nanos at(std::string_view date, int hour, int minute, int second = 0) {
  return std::chrono::nanoseconds((*parse_date(date)).time_since_epoch()).count() +
         ((hour * 60 + minute) * 60 + second) * nanos_per_second;
}

std::vector<std::string> told(const std::vector<Due>& all) {
  std::vector<std::string> lines;
  for (const Due& due : all) {
    lines.push_back(format_utc(due.scheduled_ns).substr(0, 16) + ' ' + std::string(to_string(due.step->action)) +
                    (due.decision == Due::Decision::skip ? " skip" : "") +
                    (due.older > 0 ? " +" + std::to_string(due.older) : ""));
  }
  return lines;
}

TEST(Planner, RunsWhatIsDueNow) {
  const Job job = morning();
  const Nanos before = at("2026-11-23", 10, 59, 59);
  EXPECT_THAT(told(due_steps(job, before, at("2026-11-23", 10, 59, 59))), ElementsAre());
  EXPECT_THAT(told(due_steps(job, before, at("2026-11-23", 11, 0))), ElementsAre("2026-11-23T11:00 fetch"));
  EXPECT_THAT(told(due_steps(job, at("2026-11-23", 11, 0), at("2026-11-23", 11, 0, 30))), ElementsAre());
}

TEST(Planner, CatchesUpInOrder) {
  EXPECT_THAT(
      told(due_steps(morning(), at("2026-11-20", 12, 0), at("2026-11-23", 12, 30))),
      ElementsAre("2026-11-23T11:00 fetch", "2026-11-23T11:05 overnight_changes", "2026-11-23T11:10 database_update",
                  "2026-11-23T11:15 signals", "2026-11-23T11:20 significant_moves"));
}

TEST(Planner, DoesWhatWasMissedSeveralTimesOnce) {
  EXPECT_THAT(told(due_steps(morning(), at("2026-11-17", 12, 0), at("2026-11-20", 11, 7))),
              ElementsAre("2026-11-19T11:10 database_update skip +1", "2026-11-19T11:15 signals skip +1",
                          "2026-11-19T11:20 significant_moves skip +1", "2026-11-20T11:00 fetch +2",
                          "2026-11-20T11:05 overnight_changes +2"));
}

TEST(Planner, SkipsWhatIsTooOldOrNotWanted) {
  EXPECT_THAT(told(due_steps(morning(), at("2026-11-20", 12, 0), at("2026-11-23", 17, 10))),
              ElementsAre("2026-11-23T11:00 fetch skip", "2026-11-23T11:05 overnight_changes skip",
                          "2026-11-23T11:10 database_update", "2026-11-23T11:15 signals",
                          "2026-11-23T11:20 significant_moves"));
  EXPECT_THAT(told(due_steps(morning(Missed::skip), at("2026-11-20", 12, 0), at("2026-11-23", 11, 5, 30))),
              ElementsAre("2026-11-23T11:00 fetch skip", "2026-11-23T11:05 overnight_changes"));
}

TEST(Job, KnowsItsSessions) {
  const Job job = morning();
  EXPECT_EQ(format_date(job.session_at(at("2026-11-28", 15, 0))), "2026-11-27") << "a Saturday belongs to Friday";
  EXPECT_EQ(format_utc(job.previous_close(*parse_date("2026-11-30"))).substr(0, 16), "2026-11-27T18:00")
      << "13:00 in New York, an early close";
  const Step& fetch = job.steps.front();
  EXPECT_EQ(job.time_on(fetch, *parse_date("2026-11-23"), at("2026-11-23", 9, 0)), at("2026-11-23", 11, 0));
  EXPECT_EQ(job.time_on(fetch, *parse_date("2026-11-26"), at("2026-11-26", 15, 0)), std::nullopt);
  const Job poll(default_jobs().front());
  EXPECT_EQ(poll.time_on(poll.steps.front(), *parse_date("2026-11-23"), at("2026-11-23", 9, 7)),
            at("2026-11-23", 9, 5));
}

TEST(Job, RefusesWhatIsNone) {
  const auto refuses = [](auto change) {
    JobConfig config = default_jobs().at(2);
    change(config);
    EXPECT_THROW(Job{config}, std::invalid_argument);
  };
  refuses([](JobConfig& config) { config.steps = {}; });
  refuses([](JobConfig& config) { config.steps = {"0 6 * * * fly"}; });
  refuses([](JobConfig& config) { config.steps = {"fetch"}; });
  refuses([](JobConfig& config) { config.steps = {"0 6 * * * fetch", "0 7 * * * fetch"}; });
  refuses([](JobConfig& config) { config.calendar = "XMOON"; });
  refuses([](JobConfig& config) { config.time_zone = "Mars/Olympus"; });
  refuses([](JobConfig& config) { config.holidays = {"tomorrow"}; });
}

}  // namespace
}  // namespace tapeline::app
