// The morning job over days that pass in a second: a real PostgreSQL, a clock of the test's own.
#include "app/schedule/scheduler.hpp"

#include <memory>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sinks/postgres/migrate.hpp"
#include "tests/support/private_postgres.hpp"

namespace tapeline::app {
namespace {

using sinks::postgres::Connection;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Nanos minute_ns = 60 * nanos_per_second;

Nanos at(std::string_view date, int hour, int minute) {
  return std::chrono::nanoseconds((*parse_date(date)).time_since_epoch()).count() + (hour * 60 + minute) * minute_ns;
}

/// The lane's part: says what it was asked, and may refuse.
struct Host final : JobHost {
  std::vector<std::string> asked;
  std::multiset<std::string> published;
  int failures = 0;
  bool redis_is_down = false;

  std::string fetch() override {
    asked.emplace_back("fetch");
    if (failures > 0) {
      --failures;
      throw std::runtime_error("every source refused");
    }
    return "12 answers";
  }
  std::string settle() override {
    asked.emplace_back("settle");
    return "all is stored";
  }
  void publish(const PendingAlert& alert) override {
    if (redis_is_down) throw std::runtime_error("Redis does not answer");
    published.insert(alert.alert_id);
  }
};

class SchedulerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (test::PrivatePostgres::is_installed()) server_ = std::make_unique<test::PrivatePostgres>();
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (!server_) GTEST_SKIP() << "no PostgreSQL server is installed";
    dsn_ = server_->create_database();
    sinks::postgres::migrate(Secret(dsn_), 10'000);
    connection_ = std::make_unique<Connection>(Secret(dsn_), 10'000);
    ASSERT_TRUE(connection_->open());
    rows("INSERT INTO dim_source VALUES (3, 'yahoo') ON CONFLICT DO NOTHING");
    rows("INSERT INTO lane_checkpoint (lane) VALUES ('main')");
    rows(
        "INSERT INTO dim_instrument (symbol, source_id, native_symbol) VALUES ('AAPL', 3, 'AAPL'), ('MSFT', 3, "
        "'MSFT')");
  }

  std::vector<std::vector<std::string>> rows(const std::string& sql) {
    const auto found = connection_->query(sql);
    EXPECT_TRUE(found) << connection_->error();
    return found.value_or(Connection::Rows{});
  }

  void add_bar(const char* symbol, const char* start, const char* close) {
    rows(fmt::format(
        "INSERT INTO fact_bar (instrument_id, source_id, interval_s, bar_start, open, high, low, close, volume, trades,"
        " bars_seen, signal, signal_reason, trend, is_partial, is_filled, is_source_bar, lane_id, journal_position)"
        " SELECT instrument_id, 3, 60, '{1}', {2}, {2}, {2}, {2}, 1, 1, 30, 'HOLD', '', 'neutral', false, false, false,"
        " lane_id, 0 FROM dim_instrument, lane_checkpoint WHERE symbol = '{0}'",
        symbol, start, close));
  }

  static ScheduleConfig only_morning() {
    ScheduleConfig config{.enabled = true};
    config.jobs = {default_jobs().at(2)};
    return config;
  }

  /// A process begins: what it knows is in the database.
  Scheduler begin(const ScheduleConfig& config) {
    return Scheduler(config, {.dsn = Secret(dsn_), .call_timeout_ms = 10'000, .lane = "main", .intervals_s = {60}},
                     {.host = host_, .operations = operations_, .now_ns = [this] { return now_ns_; }});
  }
  /// Minute by minute; begun anew each time it stands still.
  void live(const ScheduleConfig& config, Nanos from_ns, Nanos to_ns) {
    Scheduler scheduler = begin(config);
    for (now_ns_ = from_ns; now_ns_ <= to_ns; now_ns_ += minute_ns) scheduler.step();
  }

  std::vector<std::string> runs() {
    std::vector<std::string> lines;
    for (const auto& row :
         rows("SELECT to_char(scheduled_for AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), step, status, "
              "to_char(started_at AT TIME ZONE 'UTC', 'HH24:MI') FROM job_run ORDER BY scheduled_for")) {
      lines.push_back(fmt::format("{} {} {} at {}", row[0], row[1], row[2], row[3]));
    }
    return lines;
  }

  static std::unique_ptr<test::PrivatePostgres> server_;
  std::string dsn_;
  std::unique_ptr<Connection> connection_;
  Host host_;
  Operations operations_;
  Nanos now_ns_ = 0;
};

std::unique_ptr<test::PrivatePostgres> SchedulerTest::server_;

TEST_F(SchedulerTest, DoesTheMorningFromFridayToTuesdayOverAHolidayAndAChangeOfClocks) {
  // New York's clocks change on Sunday, 8 March 2026; Monday is declared a holiday.
  ScheduleConfig config = only_morning();
  config.jobs.front().holidays = {"2026-03-09"};
  add_bar("AAPL", "2026-03-05 20:59:00+00", "100");  // the last of Thursday
  add_bar("AAPL", "2026-03-06 10:58:00+00", "104");  // before Friday's session
  add_bar("AAPL", "2026-03-06 20:59:00+00", "102");  // Friday's close
  add_bar("AAPL", "2026-03-06 21:30:00+00", "110");  // after it: of no account for Tuesday's comparison
  add_bar("AAPL", "2026-03-10 09:58:00+00", "98.94");
  add_bar("MSFT", "2026-03-06 20:59:00+00", "400");
  add_bar("MSFT", "2026-03-10 09:58:00+00", "401");
  live(config, at("2026-03-06", 0, 0), at("2026-03-10", 23, 0));
  EXPECT_THAT(
      runs(),
      ElementsAre("2026-03-06 11:00 fetch done at 11:00", "2026-03-06 11:05 overnight_changes done at 11:05",
                  "2026-03-06 11:10 database_update done at 11:10", "2026-03-06 11:15 signals done at 11:15",
                  "2026-03-06 11:20 significant_moves done at 11:20", "2026-03-10 10:00 fetch done at 10:00",
                  "2026-03-10 10:05 overnight_changes done at 10:05", "2026-03-10 10:10 database_update done at 10:10",
                  "2026-03-10 10:15 signals done at 10:15", "2026-03-10 10:20 significant_moves done at 10:20"));
  EXPECT_THAT(host_.asked, ElementsAre("fetch", "settle", "fetch", "settle"));
  EXPECT_THAT(rows("SELECT session_date, symbol, previous_close, price, round(change_pct::numeric, 4) FROM "
                   "overnight_change JOIN dim_instrument USING (instrument_id) ORDER BY 1, 2"),
              ElementsAre(ElementsAre("2026-03-06", "AAPL", "100", "104", "4.0000"),
                          ElementsAre("2026-03-10", "AAPL", "102", "98.94", "-3.0000"),
                          ElementsAre("2026-03-10", "MSFT", "400", "401", "0.2500")));
  EXPECT_THAT(host_.published, ElementsAre("main/significant_move/2026-03-06/yahoo/AAPL",
                                           "main/significant_move/2026-03-10/yahoo/AAPL"));
  EXPECT_THAT(rows("SELECT count(*) FROM session_signal"), ElementsAre(ElementsAre("3")));
}

TEST_F(SchedulerTest, CatchesUpWhenTheProcessWasDownAtSix) {
  const ScheduleConfig config = only_morning();
  live(config, at("2026-11-20", 20, 0), at("2026-11-23", 10, 30));
  EXPECT_THAT(runs(), ElementsAre());
  live(config, at("2026-11-23", 11, 12), at("2026-11-23", 23, 0));
  EXPECT_THAT(runs(),
              ElementsAre("2026-11-23 11:00 fetch done at 11:12", "2026-11-23 11:05 overnight_changes done at 11:12",
                          "2026-11-23 11:10 database_update done at 11:12", "2026-11-23 11:15 signals done at 11:15",
                          "2026-11-23 11:20 significant_moves done at 11:20"));
  live(config, at("2026-11-23", 11, 12), at("2026-11-23", 23, 30));
  EXPECT_THAT(host_.asked, ElementsAre("fetch", "settle")) << "and does nothing twice";
}

TEST_F(SchedulerTest, DoesEachStepOnceHoweverOftenTheProcessDies) {
  // As above, Friday to Tuesday with a change of clocks and a holiday; the process is away at six on Tuesday, and at many
  // other times, for up to an hour and a half.
  ScheduleConfig config = only_morning();
  config.jobs.front().holidays = {"2026-03-09"};
  const auto is_down_at_six = [](Nanos now_ns) {
    return now_ns >= at("2026-03-10", 9, 55) && now_ns < at("2026-03-10", 10, 7);
  };
  std::mt19937_64 random(26);
  std::unique_ptr<Scheduler> process;
  Nanos away_until_ns = 0;
  int deaths = 0;
  for (now_ns_ = at("2026-03-06", 0, 0); now_ns_ <= at("2026-03-10", 23, 0); now_ns_ += minute_ns) {
    if (process && (random() % 20 == 0 || is_down_at_six(now_ns_))) {
      process.reset();
      ++deaths;
      away_until_ns = now_ns_ + static_cast<Nanos>(random() % 90) * minute_ns;
    }
    if (!process && now_ns_ >= away_until_ns && !is_down_at_six(now_ns_)) {
      process.reset(new Scheduler(begin(config)));  // in place: it cannot be moved
    }
    if (process) process->step();
  }
  EXPECT_GT(deaths, 50);
  EXPECT_THAT(rows("SELECT session_date, count(*), count(DISTINCT step), bool_and(status = 'done'), max(attempts), "
                   "bool_and(started_at >= scheduled_for) FROM job_run GROUP BY 1 ORDER BY 1"),
              ElementsAre(ElementsAre("2026-03-06", "5", "5", "t", "1", "t"),
                          ElementsAre("2026-03-10", "5", "5", "t", "1", "t")));
  EXPECT_THAT(
      rows("SELECT to_char(min(scheduled_for) AT TIME ZONE 'America/New_York', 'HH24:MI') FROM job_run GROUP BY "
           "session_date"),
      ElementsAre(ElementsAre("06:00"), ElementsAre("06:00")));
  EXPECT_THAT(
      rows("SELECT started_at >= '2026-03-10 10:07+00' FROM job_run WHERE session_date = '2026-03-10' AND step = "
           "'fetch'"),
      ElementsAre(ElementsAre("t")));
  EXPECT_THAT(host_.asked, ElementsAre("fetch", "settle", "fetch", "settle"));
}

TEST_F(SchedulerTest, SkipsWhatIsTooOldAndSaysSo) {
  const ScheduleConfig config = only_morning();
  live(config, at("2026-11-20", 20, 0), at("2026-11-20", 20, 5));
  live(config, at("2026-11-23", 21, 0), at("2026-11-23", 22, 0));
  EXPECT_THAT(host_.asked, ElementsAre());
  EXPECT_THAT(rows("SELECT DISTINCT status FROM job_run"), ElementsAre(ElementsAre("skipped")));
}

TEST_F(SchedulerTest, KnowsNothingMissedWhenItIsNew) {
  live(only_morning(), at("2026-11-23", 11, 30), at("2026-11-23", 20, 0));
  EXPECT_THAT(runs(), ElementsAre());
}

TEST_F(SchedulerTest, TriesAgainAndThenKeepsTheFailure) {
  host_.failures = 2;
  live(only_morning(), at("2026-11-23", 10, 0), at("2026-11-23", 11, 4));
  EXPECT_THAT(runs(), ElementsAre("2026-11-23 11:00 fetch done at 11:02"));
  host_.failures = 100;
  live(only_morning(), at("2026-11-24", 10, 0), at("2026-11-24", 11, 4));
  EXPECT_THAT(runs(), Contains("2026-11-24 11:00 fetch failed at 11:02"));
  EXPECT_THAT(rows("SELECT detail FROM job_run WHERE status = 'failed'"),
              ElementsAre(ElementsAre("every source refused")));
}

TEST_F(SchedulerTest, PublishesAlertsOnceRedisIsBack) {
  add_bar("AAPL", "2026-11-20 20:59:00+00", "100");
  add_bar("AAPL", "2026-11-23 10:58:00+00", "90");
  host_.redis_is_down = true;
  live(only_morning(), at("2026-11-23", 10, 0), at("2026-11-23", 11, 30));
  EXPECT_THAT(host_.published, ElementsAre());
  host_.redis_is_down = false;
  live(only_morning(), at("2026-11-23", 11, 31), at("2026-11-23", 11, 40));
  EXPECT_THAT(host_.published, ElementsAre("main/significant_move/2026-11-23/yahoo/AAPL"));
}

TEST_F(SchedulerTest, WaitsForADatabaseThatIsAway) {
  const ScheduleConfig config = only_morning();
  Scheduler scheduler = begin(config);
  now_ns_ = at("2026-11-23", 10, 0);
  scheduler.step();
  connection_.reset();
  server_->stop();
  for (; now_ns_ < at("2026-11-23", 11, 7); now_ns_ += minute_ns) scheduler.step();
  server_->start();
  for (; now_ns_ < at("2026-11-23", 11, 25); now_ns_ += minute_ns) scheduler.step();
  connection_ = std::make_unique<Connection>(Secret(dsn_), 10'000);
  ASSERT_TRUE(connection_->open());
  EXPECT_THAT(rows("SELECT count(*), count(*) FILTER (WHERE status = 'done') FROM job_run"),
              ElementsAre(ElementsAre("5", "5")));
}

TEST_F(SchedulerTest, DoesAJobOnDemandOncePerSession) {
  const ScheduleConfig config = only_morning();
  Scheduler scheduler = begin(config);
  now_ns_ = at("2026-11-23", 9, 0);
  const auto first = scheduler.run_now("morning", std::nullopt, Scheduler::Again::no);
  ASSERT_EQ(first.size(), 5U);
  EXPECT_EQ(first.front().outcome.detail, "12 answers");
  const auto second = scheduler.run_now("morning", std::nullopt, Scheduler::Again::no);
  EXPECT_EQ(second.front().outcome.detail, "was done already");
  EXPECT_THAT(host_.asked, ElementsAre("fetch", "settle"));
  static_cast<void>(scheduler.run_now("morning", std::nullopt, Scheduler::Again::yes));
  EXPECT_THAT(host_.asked, ElementsAre("fetch", "settle", "fetch", "settle"));
  EXPECT_THROW(scheduler.run_now("evening", std::nullopt, Scheduler::Again::no), std::runtime_error);
  try {
    static_cast<void>(scheduler.run_now("morning", parse_date("2026-11-26"), Scheduler::Again::no));
    FAIL() << "Thanksgiving is no session";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("2026-11-26 is no session of job morning"));
  }
  // The scheduler finds the morning done.
  for (; now_ns_ < at("2026-11-23", 12, 0); now_ns_ += minute_ns) scheduler.step();
  EXPECT_THAT(rows("SELECT count(*) FROM job_run WHERE attempts > 1"), ElementsAre(ElementsAre("0")));
}

TEST_F(SchedulerTest, TellsOfPoorQuality) {
  ScheduleConfig config;
  config.jobs = {default_jobs().at(1)};
  Scheduler scheduler = begin(config);
  now_ns_ = at("2026-11-23", 9, 30);
  rows(
      "INSERT INTO completeness SELECT lane_id, 3, instrument_id, '2026-11-23 09:10+00', 100, 98, 2, 0, 0, 0, 0, 3, 1, "
      "0 "
      "FROM lane_checkpoint, dim_instrument WHERE symbol = 'AAPL'");
  const auto results = scheduler.run_now("quality", std::nullopt, Scheduler::Again::no);
  EXPECT_EQ(results.front().outcome.status, RunStatus::findings);
  EXPECT_THAT(results.front().outcome.detail, HasSubstr("100 ticks received, 2 rejected, 2 trade ids missing"));
}

}  // namespace
}  // namespace tapeline::app
