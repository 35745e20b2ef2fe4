// One bad row: it is kept with the reason, and the others go in. And a server that refuses is told from a row that is bad.
#include <gmock/gmock.h>

#include "sinks/postgres/bad_row.hpp"
#include "tests/integration/postgres/postgres_fixture.hpp"
#include "tests/support/row_catalog.hpp"

namespace tapeline::sinks::postgres {
namespace {

using testing::Contains;
using testing::HasSubstr;

class PostgresBadRows : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (!IsSkipped()) migrate_database();
  }

  /// All frames below `end` are stored, but the rows of `table` at these positions, which are quarantined, once.
  void expect_all_but(const std::string& table, const std::vector<JournalPosition>& refused, std::uint64_t end) {
    auto expected = RowFeed::count(end);
    std::string positions;
    for (const JournalPosition position : refused)
      positions += (positions.empty() ? "" : " ") + std::to_string(position);
    EXPECT_EQ(value("select coalesce(string_agg(journal_position::text, ' ' order by journal_position), '') from "
                    "quarantined_row where table_name = '" +
                    table + "'"),
              positions);
    EXPECT_EQ(value("select count(*) from tick"),
              std::to_string(expected[RowKind::tick] - (table == "tick" ? refused.size() : 0)));
    EXPECT_EQ(value("select count(*) from fact_bar"),
              std::to_string(expected[RowKind::bar] - (table == "fact_bar" ? refused.size() : 0)));
    EXPECT_EQ(value("select count(*) from quality_event where reason = 'refused_by_database'"),
              std::to_string(refused.size()));
    EXPECT_EQ(value("select position from lane_checkpoint"), std::to_string(end * RowFeed::frame_bytes));
  }
};

TEST_F(PostgresBadRows, ACheckConstraintQuarantinesTheRowsItRefuses) {
  query("alter table tick add constraint odd_price check (price_mantissa not in (140, 231))");
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 60);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  expect_all_but("tick", {1'400, 2'300}, 60);
  EXPECT_EQ(run.writer.status().rows_quarantined, 2U);
  EXPECT_EQ(run.writer.status().retries, 0U) << "the connection is as good as before";
  EXPECT_EQ(value("select sql_state from quarantined_row where journal_position = 1400"), "23514");
  EXPECT_THAT(value("select reason from quarantined_row where journal_position = 1400"), HasSubstr("odd_price"));
  EXPECT_THAT(value("select context from quarantined_row where journal_position = 1400"),
              HasSubstr("COPY tick, line "));
  EXPECT_EQ(value("select sum(row_count) from audit_batch"),
            value("select (select count(*) from tick) + (select count(*) from fact_bar) + (select count(*) from "
                  "fact_signal) + (select count(*) from fact_alert) + (select count(*) from quality_event where reason "
                  "<> 'refused_by_database')"));
  EXPECT_THAT(run.told(), Contains(HasSubstr("quarantined_row")));
}

TEST_F(PostgresBadRows, AQuarantinedRowCanBePutBack) {
  query("alter table tick add constraint odd_price check (price_mantissa <> 140)");
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 30);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  query("alter table tick drop constraint odd_price");
  Connection hand(dsn(), 10'000);
  ASSERT_TRUE(hand.open());
  const auto kept = hand.query("select encode(row_copy, 'hex') from quarantined_row");
  ASSERT_TRUE(kept && kept->size() == 1);
  std::string bytes;
  for (std::size_t i = 0; i < (*kept)[0][0].size(); i += 2)
    bytes += static_cast<char>(std::stoi((*kept)[0][0].substr(i, 2), nullptr, 16));
  Batch batch(test::default_catalog());
  ASSERT_TRUE(hand.copy(batch.tables()[0].copy_sql(), bytes)) << hand.error();
  EXPECT_EQ(value("select count(*) from tick where price_mantissa = 140"), "1");
  EXPECT_EQ(value("select count(*) from tick"), std::to_string(RowFeed::count(30)[RowKind::tick]));
}

TEST_F(PostgresBadRows, ANumberThatANarrowedColumnCannotHoldIsQuarantined) {
  query("drop view financial_data");
  query("alter table fact_bar alter high type numeric(6, 2)");  // below 10,000: the bars of the feed are at 61,840
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(RowFeed::frame(0));
  Row low = RowFeed::bar_row(100, first_event_ns);
  low.as_bar.high_mantissa = 900'000;
  run.put({low, RowFeed::bar_row(100, first_event_ns + 60 * nanos_per_second)});
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_EQ(value("select high from fact_bar"), "9000.00");
  EXPECT_EQ(value("select sql_state || ' ' || table_name from quarantined_row"), "22003 fact_bar");
}

TEST_F(PostgresBadRows, ARefusalWithoutALineIsFoundByHalves) {
  // Foreign keys are looked at when the statement ends: no line is named.
  query("create table known_trade (trade_id bigint primary key)");
  query("insert into known_trade select generate_series(1, 10000) except select 231");
  query("alter table tick add foreign key (trade_id) references known_trade");
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 60);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  expect_all_but("tick", {2'300}, 60);
  EXPECT_EQ(value("select sql_state from quarantined_row"), "23503");
}

TEST_F(PostgresBadRows, AMergedRowThatIsRefusedIsFoundByHalves) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 30);
  ASSERT_TRUE(run.drain());
  query("alter table fact_bar add constraint few check (trades < 1000)");
  // A bar that is there already, so that all of the batch are merged; and a bad one.
  Row bad = RowFeed::bar_row(3'000, first_event_ns + 600'000 * nanos_per_second);
  bad.as_bar.trades = 5'000;
  run.put({RowFeed::bar_row(3'000, first_event_ns + nanos_per_second * 60 * 5), bad,
           RowFeed::bar_row(3'000, first_event_ns + 900'000 * nanos_per_second)});
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_EQ(value("select count(*) from fact_bar where journal_position = 3000"), "2");
  EXPECT_EQ(value("select table_name || ' ' || sql_state from quarantined_row"), "fact_bar 23514");
}

TEST_F(PostgresBadRows, ATableThatRefusesEverythingMakesTheRowsWait) {
  query("alter table tick add constraint nothing check (false) not valid");
  Config config = WriterRun::quick();
  config.batch_rows_max = 2'000;
  config.batch_delay_ms_max = config.batch_delay_quiet_ms_max = 60'000;
  WriterRun run(dsn(), config);
  static_cast<void>(run.writer.open());
  run.feed(0, 400);
  ASSERT_TRUE(run.poll_until([&] {
    static_cast<void>(run.writer.drained());
    return run.writer.status().retries > 1;
  }));
  EXPECT_THAT(run.writer.status().state, HasSubstr("refused: "));
  EXPECT_THAT(run.writer.status().state, HasSubstr("nothing"));
  query("alter table tick drop constraint nothing");
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_EQ(value("select count(*) from quarantined_row"), std::to_string(Session::refused_rows_max));
  EXPECT_EQ(value("select (select count(*) from tick) + (select count(*) from quarantined_row)"),
            std::to_string(RowFeed::count(400)[RowKind::tick]));
}

TEST_F(PostgresBadRows, ARowIsQuarantinedOnceAlsoWhenTheServerGoesAwayMeanwhile) {
  query("alter table tick add constraint odd_price check (price_mantissa <> 140)");
  query(
      "create function be_gone() returns trigger language plpgsql as 'begin if (select count(*) from pg_class where "
      "relname = ''gone_once'') = 0 then return null; end if; perform pg_terminate_backend(pg_backend_pid()); return "
      "null; end'");
  query("create table gone_once ()");
  query("create trigger gone after insert on quarantined_row execute function be_gone()");
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 30);
  ASSERT_TRUE(run.poll_until([&] { return run.writer.status().retries > 1; })) << run.writer.status().state;
  query("drop table gone_once");
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  expect_all_but("tick", {1'400}, 30);
}

TEST_F(PostgresBadRows, ARevokedRightMakesTheRowsWait) {
  query("do $$ begin create role limited login; exception when duplicate_object then null; end $$");
  query("grant select, insert, update on all tables in schema public to limited");
  query("grant execute on all functions in schema public to limited");
  const std::string as_limited = std::string(dsn().reveal()) + " user=limited";
  WriterRun run{Secret(as_limited)};
  static_cast<void>(run.writer.open());
  run.feed(0, 10);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  query("revoke insert on tick from limited");
  run.feed(10, 20);
  ASSERT_TRUE(run.poll_until([&] { return run.writer.status().retries > 1; })) << run.writer.status().state;
  EXPECT_THAT(run.writer.status().state, HasSubstr("refused: "));
  EXPECT_THAT(run.writer.status().state, HasSubstr("permission denied"));
  EXPECT_THAT(run.writer.status().state, HasSubstr("roles.sql"));
  query("grant insert on tick to limited");
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  expect_all_but("tick", {}, 20);
}

TEST_F(PostgresBadRows, TheServerIsToldWhenToGiveUpByItself) {
  Config config = WriterRun::quick();
  config.call_timeout_ms = 8'000;
  WriterRun run(dsn(), config);
  query("create table seen (lock_timeout text, statement_timeout text, idle_timeout text)");
  query(
      "create function look() returns trigger language plpgsql as 'begin insert into seen values "
      "(current_setting(''lock_timeout''), current_setting(''statement_timeout''), "
      "current_setting(''idle_in_transaction_session_timeout'')); return null; end'");
  query("create trigger look after update on lane_checkpoint execute function look()");
  static_cast<void>(run.writer.open());
  run.feed(0, 3);
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select distinct lock_timeout || ' ' || statement_timeout || ' ' || idle_timeout from seen"),
            "2s 24s 12s");
}

TEST(RowOfContext, ReadsTheLineThatTheServerNames) {
  EXPECT_EQ(row_of_context("COPY tick, line 3, column price"), 2U);
  EXPECT_EQ(row_of_context("PL/pgSQL function f() line 1 at RAISE COPY tick, line 12"), 11U);
  EXPECT_EQ(row_of_context(""), std::nullopt);
  EXPECT_EQ(row_of_context("COPY tick, line 0"), std::nullopt);
  EXPECT_EQ(row_of_context("COPY tick, line "), std::nullopt);
  EXPECT_EQ(row_of_context("SQL statement \"select\" line 4"), std::nullopt);
}

}  // namespace
}  // namespace tapeline::sinks::postgres
