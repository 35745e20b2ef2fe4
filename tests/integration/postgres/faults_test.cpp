// Exactly once, whatever becomes of the server: killed, stopped, hung, in doubt, changed behind our back.
#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/idle.hpp"
#include "tests/integration/postgres/postgres_fixture.hpp"

namespace tapeline::sinks::postgres {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

class PostgresFaults : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (!IsSkipped()) migrate_database();
  }

  /// Every row of all frames below `end`, and none of them twice.
  void expect_exactly_once(std::uint64_t end) {
    auto expected = RowFeed::count(end);
    const auto count = [&](const char* table) { return value(std::string("select count(*) from ") + table); };
    EXPECT_EQ(count("tick"), std::to_string(expected[RowKind::tick]));
    EXPECT_EQ(value("select count(distinct trade_id) from tick"), std::to_string(expected[RowKind::tick]));
    EXPECT_EQ(value("select sum(price_mantissa) from tick"), std::to_string(RowFeed::sum(end)));
    EXPECT_EQ(count("fact_bar"), std::to_string(expected[RowKind::bar]));
    EXPECT_EQ(count("fact_signal"), std::to_string(expected[RowKind::signal]));
    EXPECT_EQ(count("fact_alert"), std::to_string(expected[RowKind::alert]));
    EXPECT_EQ(count("quality_event"), std::to_string(expected[RowKind::quality]));
    EXPECT_EQ(value("select position from lane_checkpoint"), std::to_string(end * RowFeed::frame_bytes));
    EXPECT_EQ(value("select sum(row_count) from audit_batch"),
              std::to_string(expected[RowKind::tick] + expected[RowKind::bar] + expected[RowKind::signal] +
                             expected[RowKind::alert] + expected[RowKind::quality]));
  }
  /// Ends the writer's sessions in this database; returns how many there were.
  std::size_t terminate_writers() {
    return query(
               "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tapeline' and datname "
               "= "
               "current_database()")
        .size();
  }
  /// Each tick whose id is a multiple of `every` takes the server a millisecond.
  void slow_down_ticks(int every) {
    query(
        "create function be_slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.001); return new; "
        "end'");
    query("create trigger slow before insert on tick for each row when (new.trade_id % " + std::to_string(every) +
          " = 0) execute function be_slow()");
  }
  /// Ids from 1 on.
  [[nodiscard]] static std::vector<Row> frame_of_ticks(std::uint64_t count) {
    std::vector<Row> frame;
    for (std::uint64_t id = 1; id <= count; ++id) frame.push_back(RowFeed::tick_row(100, id, first_event_ns));
    return frame;
  }
  /// The first `commits` commits of a checkpoint take `seconds` each; not those that come after.
  void slow_down_commits(int commits, double seconds) {
    query("create sequence slow_commits");
    query("create function be_slow() returns trigger language plpgsql as 'begin if nextval(''slow_commits'') <= " +
          std::to_string(commits) + " then perform pg_sleep(" + std::to_string(seconds) +
          "); end if; return null; end'");
    query(
        "create constraint trigger slow after update on lane_checkpoint deferrable initially deferred for each row "
        "execute function be_slow()");
  }
};

TEST_F(PostgresFaults, SessionsAndServersKilledAtRandom) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  std::atomic<bool> is_over{false};
  std::uint64_t fed = 0;
  bool is_drained = false;
  // The server belongs to the test's main thread: it would end with another one.
  std::thread feeder([&] {
    try {
      for (; !is_over.load(std::memory_order_relaxed); ++fed) run.feed(fed, fed + 1);
      is_drained = run.drain();
    } catch (const std::exception& problem) {
      ADD_FAILURE() << problem.what() << ": " << run.writer.status().state;
    }
  });
  std::mt19937 random(20'260'701);
  std::size_t terminated = 0;
  for (int fault = 0; fault < 20; ++fault) {
    const std::uint64_t batches = run.writer.status().batches;
    const bool goes_on = wait_until([&] { return run.writer.status().batches > batches; });
    EXPECT_TRUE(goes_on) << "after fault " << fault << ": " << run.writer.status().state;
    if (!goes_on) break;
    sleep_for(static_cast<Nanos>(random() % 10'000) * 1'000);  // where it strikes, not what is waited for
    if (fault % 5 == 4) {
      server().stop_immediately();
      server().start();
    } else {
      terminated += terminate_writers();
    }
  }
  is_over.store(true, std::memory_order_relaxed);
  feeder.join();
  ASSERT_TRUE(is_drained) << run.writer.status().state;
  EXPECT_GT(terminated, 0U);
  EXPECT_GE(run.writer.status().retries, 5U);
  expect_exactly_once(fed);
}

TEST_F(PostgresFaults, RowsWaitWhileTheServerIsAway) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 100);
  ASSERT_TRUE(run.drain());
  server().stop();
  run.put(RowFeed::frame(100));
  ASSERT_TRUE(run.poll_until([&] { return run.writer.status().retries > 3; }));
  EXPECT_THAT(run.writer.status().state, HasSubstr("reconnecting: "));
  EXPECT_FALSE(run.writer.status().is_healthy);
  // Enough for more than one batch: what is not taken stays in the ring.
  for (std::uint64_t i = 101; i < 600; ++i) {
    for (const Row& row : RowFeed::frame(i)) {
      Row* slot = run.ring.try_claim();
      ASSERT_NE(slot, nullptr);
      *slot = row;
      run.ring.publish();
    }
  }
  static_cast<void>(run.writer.poll());
  EXPECT_GT(run.ring.depth_approx(), 0U);
  EXPECT_THAT(run.told(), Contains(HasSubstr("rows wait")));
  server().start();
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_TRUE(run.writer.status().is_healthy);
  EXPECT_THAT(run.told(), Contains(HasSubstr("PostgreSQL is back")));
  expect_exactly_once(600);
}

TEST_F(PostgresFaults, ACommitInDoubtThatSucceededIsNotRepeated) {
  slow_down_commits(1, 1.2);
  Config config = WriterRun::quick();
  config.call_timeout_ms = 700;
  WriterRun run(dsn(), config);
  static_cast<void>(run.writer.open());
  // The call is given up in the middle of the commit, which then succeeds: the checkpoint is read only after it.
  run.feed(0, 30);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_THAT(run.told(), Contains(HasSubstr("had been committed")));
  run.feed(30, 60);
  ASSERT_TRUE(run.drain());
  expect_exactly_once(60);
}

TEST_F(PostgresFaults, ACommitThatNeverEndsIsEndedAndRepeated) {
  slow_down_commits(1, 600);
  Config config = WriterRun::quick();
  config.call_timeout_ms = 3'000;  // longer than the wait for the checkpoint's lock
  WriterRun run(dsn(), config);
  static_cast<void>(run.writer.open());
  run.feed(0, 30);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_GE(run.writer.status().retries, 1U);
  expect_exactly_once(30);
}

TEST_F(PostgresFaults, ASessionThatForgotItsTransactionIsEnded) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  Connection zombie(dsn(), 10'000);
  Connection bystander(dsn(), 10'000);
  ASSERT_TRUE(zombie.open() && zombie.execute("begin; update lane_checkpoint set position = 5")) << zombie.error();
  ASSERT_TRUE(bystander.open() && bystander.execute("begin; lock table lane_checkpoint in row exclusive mode"))
      << bystander.error();
  run.feed(0, 30);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_FALSE(zombie.execute("commit"));
  EXPECT_THAT(run.told(), Contains(AllOf(HasSubstr("ended the session of process "), HasSubstr("idle in transaction"),
                                         HasSubstr("lane main"))));
  EXPECT_TRUE(bystander.execute("commit")) << "it held nothing of ours: " << bystander.error();
  expect_exactly_once(30);
}

TEST_F(PostgresFaults, AHungServerIsGivenUp) {
  Config config = WriterRun::quick();
  config.call_timeout_ms = 400;
  WriterRun run(dsn(), config);
  static_cast<void>(run.writer.open());
  run.feed(0, 10);
  ASSERT_TRUE(run.drain());
  const pid_t backend = std::stoi(
      value("select pid from pg_stat_activity where application_name = 'tapeline' and datname = current_database()"));
  ASSERT_EQ(kill(backend, SIGSTOP), 0);
  run.put(RowFeed::frame(10));
  EXPECT_TRUE(run.poll_until([&] { return run.writer.status().retries > 0; })) << "a call has blocked for ever";
  EXPECT_THAT(run.told(), Contains(HasSubstr("no answer within 400 ms")));
  // It held no lock: a new session takes over while the old one still hangs.
  run.feed(11, 30);
  const bool is_drained = run.drain();
  ASSERT_EQ(kill(backend, SIGCONT), 0);
  ASSERT_TRUE(is_drained) << run.writer.status().state;
  expect_exactly_once(30);
}

TEST_F(PostgresFaults, AFrameOfManyRowsIsStoredByAServerThatIsSlow) {
  // As that of a clock that closes the bars of 100,000 instruments: more than one call may take.
  constexpr std::uint64_t rows = 60'000;
  slow_down_ticks(32);
  query("alter table tick add constraint not_that_one check (trade_id <> 55000)");
  Config config = WriterRun::quick();
  config.call_timeout_ms = 1'500;
  WriterRun run(dsn(), config);
  static_cast<void>(run.writer.open());
  run.feed(0, 1);
  run.put(frame_of_ticks(rows));
  int polls = 0;
  const auto drained = [&] {
    ++polls;
    return run.writer.drained();
  };
  ASSERT_TRUE(run.poll_until(drained)) << run.writer.status().state;
  EXPECT_GE(polls, 3) << "a watchdog would take the stage for dead";
  EXPECT_EQ(value("select count(distinct trade_id) from tick"), std::to_string(rows - 1));
  EXPECT_EQ(value("select count(*) from tick"), std::to_string(rows - 1));
  EXPECT_EQ(value("select count(*) from quarantined_row"), "1");
  EXPECT_EQ(value("select position from lane_checkpoint"), "200");
}

TEST_F(PostgresFaults, APartThatTakesTooLongIsSentInSmallerOnes) {
  constexpr std::uint64_t rows = 16'000;
  slow_down_ticks(8);
  Config config = WriterRun::quick();
  config.call_timeout_ms = 500;  // the server gives up a statement after 1.5 s: all of them would take more than 2
  WriterRun run(dsn(), config);
  static_cast<void>(run.writer.open());
  run.feed(0, 1);
  run.put(frame_of_ticks(rows));
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_GT(run.writer.status().retries, 0U);
  EXPECT_EQ(value("select count(distinct trade_id) || ' ' || count(*) from tick"), "16000 16000");
}

TEST_F(PostgresFaults, AServerThatDoesNotAnswerAtTheStartIsGivenUp) {
  const pid_t postmaster = std::stoi(value("select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"));
  ASSERT_EQ(kill(postmaster, SIGSTOP), 0);
  Config config = WriterRun::quick();
  config.call_timeout_ms = 300;
  WriterRun run(dsn(), config);
  std::string problem;
  try {
    static_cast<void>(run.writer.open());
  } catch (const std::runtime_error& error) {
    problem = error.what();
  }
  ASSERT_EQ(kill(postmaster, SIGCONT), 0);
  EXPECT_THAT(problem, HasSubstr("no answer within 300 ms"));
  EXPECT_THAT(problem, HasSubstr("./dev up"));
}

TEST_F(PostgresFaults, ADeadHostIsPassedOverForTheNext) {
  // It takes connections, as the kernel of a hung machine does, and never says a word.
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(silent, 16), 0);
  ASSERT_EQ(getsockname(silent, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  const std::string database = value("select current_database()");
  const auto of = [&](const std::string& hosts, const std::string& ports) {
    return Secret("host=" + hosts + " port=" + ports +
                  " user=postgres target_session_attrs=read-write dbname=" + database);
  };
  Connection second(of("127.0.0.1," + server().socket_directory(), port + ",5432"), 4'000);
  EXPECT_TRUE(second.open()) << second.error();
  Connection none(of("127.0.0.1,/nowhere", port + ",5432"), 600);
  EXPECT_FALSE(none.open());
  EXPECT_THAT(none.error(), AllOf(HasSubstr("127.0.0.1: no answer"), HasSubstr("/nowhere")));
  query("alter database " + database + " set default_transaction_read_only = on");
  Connection standby(of(server().socket_directory() + "," + server().socket_directory(), "5432,5432"), 4'000);
  EXPECT_FALSE(standby.open()) << "none of them can be written to";
  close(silent);
}

TEST_F(PostgresFaults, WhatAServerLostAfterItsAcknowledgementIsWrittenAgain) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 60);
  ASSERT_TRUE(run.drain());
  // As a standby that had not got everything yet: all tables as they were at frame 40.
  for (const char* table : {"tick", "fact_bar", "fact_signal", "fact_alert", "quality_event"}) {
    query(std::string("delete from ") + table + " where journal_position >= 4000");
  }
  query("truncate audit_batch");
  query("update lane_checkpoint set position = 4000");
  terminate_writers();
  run.put(RowFeed::frame(60));
  ASSERT_TRUE(run.poll_until([&] { return run.writer.status().is_rolled_back; }));
  EXPECT_FALSE(run.writer.status().is_fenced) << "no other writer: it is to be opened again";
  EXPECT_EQ(run.writer.status().state, "rolled back");
  EXPECT_THAT(run.told(), Contains(HasSubstr("lost what it had acknowledged")));
  query(
      "insert into audit_batch (lane_id, from_position, to_position, row_count, program_version, configuration_hash) "
      "select 1, 0, 4000, (select count(*) from tick) + (select count(*) from fact_bar) + (select count(*) from "
      "fact_signal) + "
      "(select count(*) from fact_alert) + (select count(*) from quality_event), '', ''");
  WriterRun next(dsn());
  EXPECT_EQ(next.writer.open(), 4'000U);
  next.feed(0, 70);
  ASSERT_TRUE(next.drain());
  expect_exactly_once(70);
}

TEST_F(PostgresFaults, AnInstrumentThatAServerLostIsGivenANumberAgain) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(RowFeed::frame(0));
  ASSERT_TRUE(run.poll_until([&] { return value("select count(*) from dim_instrument") != "0"; }));
  ASSERT_EQ(value("select position from lane_checkpoint"), "0") << "nothing of it is committed yet";
  // As a standby that had not got the instruments yet: its checkpoint is where it should be.
  query("delete from dim_instrument");
  terminate_writers();
  run.put(RowFeed::frame(1));
  ASSERT_TRUE(run.poll_until([&] { return run.writer.status().is_rolled_back; }));
  EXPECT_THAT(run.told(), Contains(HasSubstr("dim_instrument")));
  WriterRun next(dsn());
  EXPECT_EQ(next.writer.open(), 0U);
  next.feed(0, 20);
  ASSERT_TRUE(next.drain());
  expect_exactly_once(20);
  EXPECT_EQ(
      value("select count(*) from tick left join dim_instrument using (instrument_id) where native_symbol is null"),
      "0");
}

TEST_F(PostgresFaults, ALaneThatAServerLostIsMadeAgain) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  query("delete from lane_checkpoint");
  terminate_writers();
  run.put(RowFeed::frame(0));
  ASSERT_TRUE(run.poll_until([&] { return run.writer.status().is_rolled_back; }));
  WriterRun next(dsn());
  EXPECT_EQ(next.writer.open(), 0U);
  next.feed(0, 20);
  ASSERT_TRUE(next.drain());
  expect_exactly_once(20);
}

struct Damage {
  const char* name;
  const char* damage;
  const char* repair;
  const char* words;  // that its error must have
};
class PostgresDamage : public PostgresFaults, public testing::WithParamInterface<Damage> {};

TEST_P(PostgresDamage, IsSaidAndRowsGoOnOnceItIsMended) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 10);
  ASSERT_TRUE(run.drain());
  query(GetParam().damage);
  terminate_writers();
  run.feed(10, 30);
  ASSERT_TRUE(run.poll_until([&] { return run.writer.status().state.find(GetParam().words) != std::string::npos; }))
      << run.writer.status().state;
  EXPECT_FALSE(run.writer.status().is_fenced);
  query("set default_transaction_read_only = off");
  query(GetParam().repair);
  terminate_writers();
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  expect_exactly_once(30);
}

INSTANTIATE_TEST_SUITE_P(
    Of, PostgresDamage,
    testing::Values(Damage{"MissingTable", "alter table tick rename to tick_away",
                           "alter table tick_away rename to tick", "\"tick\" does not exist"},
                    Damage{"MissingColumn", "alter table quality_event rename detail to words",
                           "alter table quality_event rename words to detail", "\"detail\""},
                    Damage{"OtherType", "alter table fact_bar alter trades type text",
                           "alter table fact_bar alter trades type integer using 1", "column trades"},
                    Damage{"ColumnThatMustBeFilled",
                           "do $$ begin alter table quality_event add column source_of_truth text not null default ''; "
                           "alter table quality_event alter source_of_truth drop default; end $$",
                           "alter table quality_event drop column source_of_truth", "not-null"},
                    Damage{"ReadOnlyDatabase",
                           "do $$ begin execute format('alter database %I set "
                           "default_transaction_read_only = on', current_database()); end $$",
                           "do $$ begin execute format('alter database %I reset "
                           "default_transaction_read_only', current_database()); end $$",
                           "read-only"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(PostgresFaults, APartitionThatWasDroppedIsMadeAgain) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 10);
  ASSERT_TRUE(run.drain());
  query("drop table tick_2024_08_08");
  run.feed(10, 20);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_EQ(value("select count(*) from tick"),
            std::to_string(RowFeed::count(20)[RowKind::tick] - RowFeed::count(10)[RowKind::tick]));
}

}  // namespace
}  // namespace tapeline::sinks::postgres
