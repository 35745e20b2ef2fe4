// What the writer stores, when it cuts a batch, and who may write a lane.
#include "sinks/postgres/writer.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>

#include "sinks/postgres/tick_partition.hpp"
#include "tests/integration/postgres/postgres_fixture.hpp"

namespace tapeline::sinks::postgres {
namespace {

using testing::Contains;
using testing::HasSubstr;

class PostgresWriter : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (!IsSkipped()) migrate_database();
  }
  /// All fields of the only row of `sql`, "null" for NULL.
  std::string fields(const std::string& sql) {
    return value("select string_agg(coalesce(value, 'null'), '|' order by n) from (" + sql +
                 ") as t, json_each_text(row_to_json(t)) with ordinality as f (key, value, n)");
  }
  static std::vector<Row> instruments() { return RowFeed::frame(0); }
};

TEST_F(PostgresWriter, OpensAFreshLaneAtZero) {
  WriterRun run(dsn());
  EXPECT_EQ(run.writer.open(), 0U);
  EXPECT_EQ(run.writer.status().state, "writing");
}

TEST_F(PostgresWriter, NamesTheCureWhenThereAreNoTables) {
  query("drop schema public cascade");
  query("create schema public");
  WriterRun run(dsn());
  try {
    static_cast<void>(run.writer.open());
    FAIL() << "there are no tables";
  } catch (const std::runtime_error& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("tapeline migrate"));
  }
}

TEST_F(PostgresWriter, NamesTheVersionThatTheTablesLack) {
  query("delete from schema_migrations where version = '0001_init'");
  WriterRun run(dsn());
  try {
    static_cast<void>(run.writer.open());
    FAIL() << "the tables are not up to date";
  } catch (const std::runtime_error& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("lack 0001_init"));
    EXPECT_THAT(problem.what(), HasSubstr("tapeline migrate"));
  }
}

TEST_F(PostgresWriter, StoresATickExactly) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  Row tick = RowFeed::tick_row(100, 6'183'763, first_event_ns + 123'456'789);
  tick.receive_ns = first_event_ns + nanos_per_second;
  Row polled = RowFeed::tick_row(200, 5, first_event_ns);
  polled.as_tick.trade_id = 0;
  polled.as_tick.side = Side::unknown;
  polled.as_tick.flags = event_backfilled;
  run.put({tick});
  run.put({polled});
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(
      fields("select i.symbol, i.native_symbol, s.name, event_time at time zone 'utc', received_time at time zone "
             "'utc', price::text, "
             "volume::text, trade_id, side, is_backfilled, journal_position, event_ns from fact_tick join "
             "dim_instrument i using "
             "(instrument_id) join dim_source s on s.source_id = fact_tick.source_id where journal_position = 100"),
      "ETH-USD|ETHUSDT|binance|2024-08-08T23:54:00.123456|2024-08-08T23:54:01|61837.63|0.125|6183763|sell|false|100|"
      "1723161240123456789");
  EXPECT_EQ(fields("select trade_id, side, is_backfilled from fact_tick where journal_position = 200"),
            "null|null|true");
}

TEST_F(PostgresWriter, MakesThePartitionOfTomorrowInAQuietMomentOfToday) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  const auto exists = [&](int days_ahead) {
    return value("select to_regclass('tick_' || to_char((now() at time zone 'utc')::date + " +
                 std::to_string(days_ahead) + ", 'YYYY_MM_DD')) is not null") == "t";
  };
  // One tick, and then quiet; one more where midnight comes in between.
  std::uint64_t number = 0;
  std::int64_t day = 0;
  EXPECT_TRUE(run.poll_until([&] {
    const Nanos now_ns = wall_now_ns();
    if (std::exchange(day, day_of(now_ns)) != day_of(now_ns)) {
      ++number;
      run.put({RowFeed::tick_row(100 * number, number, now_ns)});
    }
    return exists(1);
  }));
  EXPECT_FALSE(exists(2));
  EXPECT_TRUE(run.drain());
}

TEST_F(PostgresWriter, MakesThePartitionOfTomorrowInTheLastHourOfTodayWithoutAQuietMoment) {
  Nanos now_ns = *parse_utc("2024-08-08T22:59:59.999Z");
  WriterRun run(dsn(), WriterRun::quick(), "main", [&] { return now_ns; });
  static_cast<void>(run.writer.open());
  run.put(instruments());
  std::uint64_t number = 0;
  // A tick before each poll, so that none is idle.
  const auto batches_under_load = [&](std::uint64_t count) {
    const std::uint64_t enough = run.writer.status().batches + count;
    for (const Nanos deadline_ns = steady_now_ns() + patience_ns; steady_now_ns() < deadline_ns;) {
      ++number;
      run.put({RowFeed::tick_row(100 * number, number, now_ns)});
      EXPECT_NE(run.writer.poll(), 0U);
      if (run.writer.status().batches >= enough) return true;
    }
    return false;
  };
  const auto partitions = [&] { return value("select count(*) from pg_inherits where inhparent = 'tick'::regclass"); };
  ASSERT_TRUE(batches_under_load(3));
  EXPECT_EQ(partitions(), "1");
  now_ns = *parse_utc("2024-08-08T23:00:00Z");
  ASSERT_TRUE(batches_under_load(1));
  EXPECT_EQ(partitions(), "2");
  EXPECT_EQ(value("select to_regclass('tick_2024_08_09') is not null"), "t");
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select count(*) from fact_tick"), std::to_string(number));
}

TEST_F(PostgresWriter, OldTicksNeedNoPartitionOfTomorrow) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  run.put({RowFeed::tick_row(100, 1, first_event_ns)});
  ASSERT_TRUE(run.drain());
  for (int i = 0; i < 100; ++i) run.writer.poll();
  EXPECT_EQ(value("select count(*) from pg_inherits where inhparent = 'tick'::regclass"), "1");
}

TEST_F(PostgresWriter, StoresABarWithUndefinedAsNull) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  Row bar = RowFeed::bar_row(100, first_event_ns);
  bar.as_bar.rsi = 70.464135021097;
  bar.as_bar.is_filled = true;
  bar.as_bar.is_backfilled = true;
  run.put({bar});
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(fields("select interval_s, bar_start at time zone 'utc', open::text, high::text, low::text, close::text, "
                   "volume::text, trades, sma, "
                   "rsi, periods_per_year, bars_seen, signal, signal_reason, trend, is_partial, is_filled, "
                   "is_source_bar, is_backfilled from fact_bar"),
            "60|2024-08-08T23:54:00|61837.63|61840|61800|61812|1.23456789|42|null|70.464135021097|525600|1|"
            "HOLD|warming_up|neutral|"
            "false|true|false|true");
  EXPECT_EQ(
      fields("select symbol, price::text, volume::text, rsi, signal, timestamp at time zone 'utc' from financial_data"),
      "BTC-USD|61812|1.23456789|70.464135021097|HOLD|2024-08-08T23:55:00");
}

TEST_F(PostgresWriter, StoresSignalsAlertsAndQualityEvents) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 50);
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(fields("select signal, previous, reason, trend, close, rsi, sma, journal_position from fact_signal order "
                   "by journal_position limit 1"),
            "BUY|HOLD|rule|bearish|61812|28.5|null|500");
  EXPECT_EQ(fields("select alert_id, rule, rule_version, severity, symbol, bar_end - bar_start, signal, trend, "
                   "close::text, rsi, volatility from "
                   "fact_alert order by journal_position limit 1"),
            "1723161300000-500|rsi_overbought|1|warning|BTC-USD|00:01:00|SELL|bullish|61812|71.5|null");
  EXPECT_EQ(fields("select instrument_id, event_time, kind, reason, detail from quality_event order by "
                   "journal_position limit 1"),
            "null|null|reject|unparsable|no JSON");
}

TEST_F(PostgresWriter, MendsTextThatIsNoUtf8) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put({RowFeed::instrument_row(0, "X\xff", "X\xff")});
  run.put({RowFeed::quality_row(100, "cut \xe2\x82")});
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select detail from quality_event"), "cut ??");
  EXPECT_EQ(value("select native_symbol from dim_instrument"), "X?");
  EXPECT_EQ(run.writer.status().retries, 0U);
}

TEST_F(PostgresWriter, CutsBatchesBetweenFramesOnly) {
  Config config = WriterRun::quick();
  config.batch_rows_max = 4;
  config.batch_delay_ms_max = config.batch_delay_quiet_ms_max = 60'000;
  WriterRun run(dsn(), config);
  static_cast<void>(run.writer.open());
  run.put(instruments());
  for (JournalPosition position = 100; position < 2'100; position += 100) {
    run.put({RowFeed::tick_row(position, position, first_event_ns),
             RowFeed::tick_row(position, position + 1, first_event_ns),
             RowFeed::tick_row(position, position + 2, first_event_ns)});
  }
  ASSERT_TRUE(run.drain());
  // Three rows a frame, at most four a batch: the second frame ends it.
  EXPECT_EQ(
      fields("select count(*), min(row_count), max(row_count), bool_and(to_position % 200 = 100) from audit_batch"),
      "10|6|6|true");
  EXPECT_EQ(value("select count(*) from audit_batch a join audit_batch b on b.from_position = a.to_position"), "9")
      << "no gap between them";
}

TEST_F(PostgresWriter, StoresTheIdleTailAfterTheDelay) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  run.put({RowFeed::tick_row(100, 1, first_event_ns)});
  EXPECT_TRUE(run.poll_until([&] { return run.writer.status().rows_committed == 1; })) << "nobody has drained it";
}

TEST_F(PostgresWriter, MovesTheCheckpointForFramesWithoutRows) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put({RowFeed::row(RowKind::progress, no_instrument, 700)});
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select position from lane_checkpoint"), "800");
  EXPECT_EQ(value("select count(*) from audit_batch"), "0");
  EXPECT_EQ(run.writer.status().checkpoint, 800U);
}

TEST_F(PostgresWriter, GoesOnFromTheCheckpointWhenEverythingIsFedAgain) {
  {
    WriterRun first(dsn());
    static_cast<void>(first.writer.open());
    first.feed(0, 300);
    ASSERT_TRUE(first.drain());
  }
  WriterRun second(dsn());
  EXPECT_EQ(second.writer.open(), 300U * RowFeed::frame_bytes);
  second.feed(0, 500);
  ASSERT_TRUE(second.drain());
  EXPECT_EQ(value("select count(*) from fact_tick"), std::to_string(RowFeed::count(500)[RowKind::tick]));
  EXPECT_EQ(value("select sum(price_mantissa) from tick"), std::to_string(RowFeed::sum(500)));
  EXPECT_EQ(value("select count(*) from dim_instrument"), "2");
  EXPECT_EQ(value("select max(lane_id) from lane_checkpoint"), "1");
}

TEST_F(PostgresWriter, SpendsNoLaneNumberAtAStart) {
  for (int start = 0; start < 3; ++start) {
    WriterRun again(dsn());
    static_cast<void>(again.writer.open());
  }
  WriterRun other(dsn(), WriterRun::quick(), "other");
  static_cast<void>(other.writer.open());
  EXPECT_EQ(value("select lane_id from lane_checkpoint where lane = 'other'"), "2");
}

TEST_F(PostgresWriter, LanesShareInstrumentsAndNothingElse) {
  WriterRun one(dsn(), WriterRun::quick(), "one");
  WriterRun two(dsn(), WriterRun::quick(), "two");
  static_cast<void>(one.writer.open());
  static_cast<void>(two.writer.open());
  one.feed(0, 100);
  two.feed(0, 100);
  ASSERT_TRUE(one.drain());
  ASSERT_TRUE(two.drain());
  EXPECT_EQ(value("select count(*) from dim_instrument"), "2");
  EXPECT_EQ(value("select count(*) from fact_tick"), std::to_string(2 * RowFeed::count(100)[RowKind::tick]));
  EXPECT_EQ(value("select count(*) from fact_bar"), std::to_string(2 * RowFeed::count(100)[RowKind::bar]));
}

TEST_F(PostgresWriter, TakesOverANewNameAndKeepsTheNumber) {
  WriterRun first(dsn());
  static_cast<void>(first.writer.open());
  first.put({RowFeed::instrument_row(0, "BTCUSDT", "BTCUSDT")});
  ASSERT_TRUE(first.drain());
  const std::string instrument_id = value("select instrument_id from dim_instrument");
  WriterRun second(dsn());
  static_cast<void>(second.writer.open());
  second.put({RowFeed::instrument_row(0, "BTC-USD", "BTCUSDT")});
  ASSERT_TRUE(second.drain());
  EXPECT_EQ(fields("select instrument_id::text, symbol from dim_instrument"), instrument_id + "|BTC-USD");
}

TEST_F(PostgresWriter, ABarThatComesAgainReplacesTheOneThatIsThere) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  run.put({RowFeed::bar_row(100, first_event_ns), RowFeed::tick_row(100, 1, first_event_ns)});
  ASSERT_TRUE(run.drain());
  // Once more, twice in one batch, beside a bar that is new.
  Row corrected = RowFeed::bar_row(200, first_event_ns);
  corrected.as_bar.close_mantissa = 1;
  Row last = RowFeed::bar_row(300, first_event_ns);
  last.as_bar.close_mantissa = 2;
  run.put({corrected, RowFeed::tick_row(200, 2, first_event_ns)});
  run.put({last, RowFeed::bar_row(300, first_event_ns + 60 * nanos_per_second)});
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select string_agg(close::text || '@' || journal_position, ' ' order by bar_start) from fact_bar"),
            "0.02@300 61812@300");
  EXPECT_EQ(value("select count(*) from fact_tick"), "2");
  EXPECT_EQ(run.writer.status().retries, 0U);
}

TEST_F(PostgresWriter, OfABarThatOneFrameBringsSeveralTimesTheLastStays) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  std::vector<Row> frame;
  for (std::int64_t close = 1; close <= 9; ++close) {
    frame.push_back(RowFeed::bar_row(100, first_event_ns));
    frame.back().as_bar.close_mantissa = close;
  }
  run.put(frame);
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select close from fact_bar"), "0.09");
}

TEST_F(PostgresWriter, MoreBarsThanACopyTakesReplaceTheOnesThatAreThere) {
  constexpr std::int64_t bars = 60'000;
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  run.put({RowFeed::bar_row(100, first_event_ns)});
  ASSERT_TRUE(run.drain());
  std::vector<Row> frame;
  for (std::int64_t i = 0; i < bars; ++i) frame.push_back(RowFeed::bar_row(200, first_event_ns + i * nanos_per_second));
  for (const std::int64_t i : {std::int64_t{0}, bars - 1}) {
    frame.push_back(frame[static_cast<std::size_t>(i)]);
    frame.back().as_bar.close_mantissa = 1;
  }
  run.put(std::move(frame));
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_EQ(
      value(
          "select count(*) || ' ' || count(*) filter (where close = 0.01) from fact_bar where journal_position = 200"),
      "60000 2");
  EXPECT_EQ(run.writer.status().retries, 0U);
}

TEST_F(PostgresWriter, MakesAPartitionForEachDay) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.put(instruments());
  // Until a nanosecond before midnight, at it, and a day long ago that is filled in.
  const Nanos midnight_ns = first_event_ns + 360 * nanos_per_second;
  run.put({RowFeed::tick_row(100, 1, midnight_ns - 1), RowFeed::tick_row(100, 2, midnight_ns),
           RowFeed::tick_row(100, 3, 0)});
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select string_agg(tableoid::regclass::text, ' ' order by trade_id) from tick"),
            "tick_2024_08_08 tick_2024_08_09 tick_1970_01_01");
  EXPECT_EQ(value("select count(*) from pg_indexes where tablename like 'tick\\_%' and indexdef like '%USING brin%'"),
            "3");
}

TEST_F(PostgresWriter, ANewDayDoesNotWaitForReaders) {
  Connection reader(dsn(), 10'000);
  ASSERT_TRUE(reader.open() && reader.execute("begin; select count(*) from fact_tick")) << reader.error();
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 20);
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(run.writer.status().retries, 0U) << run.writer.status().state;
}

TEST_F(PostgresWriter, TheSecondOfTwoWritersOfALaneIsFenced) {
  WriterRun first(dsn());
  WriterRun second(dsn());
  static_cast<void>(first.writer.open());
  static_cast<void>(second.writer.open());
  first.feed(0, 50);
  ASSERT_TRUE(first.drain());
  second.put(instruments());
  second.put({RowFeed::tick_row(100, 77'777, first_event_ns)});
  EXPECT_TRUE(second.poll_until([&] { return second.writer.status().is_fenced; }));
  EXPECT_EQ(second.writer.status().state, "fenced");
  EXPECT_FALSE(second.writer.drained());
  EXPECT_THAT(second.told(), Contains(HasSubstr("moved by another writer")));
  EXPECT_EQ(value("select count(*) from fact_tick where trade_id = 77777"), "0");
  first.feed(50, 100);
  EXPECT_TRUE(first.drain()) << "the first goes on";
}

TEST_F(PostgresWriter, MeasuresOnlyWhatCameAfterItsStart) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.writer.measure_from(first_event_ns + 1'000'000 * nanos_per_second);
  run.feed(0, 10);
  Row live = RowFeed::tick_row(1'000, 1, first_event_ns);
  live.receive_ns = first_event_ns + 1'000'000 * nanos_per_second;
  run.put({live});
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(run.writer.received_to_committed().count(), 1U);
}

TEST_F(PostgresWriter, MeasuresAFrameOnceHoweverManyRowsItHas) {
  WriterRun run(dsn());
  static_cast<void>(run.writer.open());
  run.feed(0, 10);
  std::vector<Row> answer;
  for (std::uint64_t i = 0; i < 50; ++i) {
    answer.push_back(RowFeed::tick_row(1'000, 100 + i, first_event_ns));
    answer.back().ends_frame = i == 49;
  }
  run.put(answer);
  ASSERT_TRUE(run.drain());
  EXPECT_EQ(value("select count(*) from fact_tick where trade_id >= 100"), "50");
  EXPECT_EQ(run.writer.received_to_committed().count(), 9U) << "eight of the ten have rows that are stored";
}

}  // namespace
}  // namespace tapeline::sinks::postgres
