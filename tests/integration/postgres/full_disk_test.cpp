// The server's disks are full: of a table space, which is refused row by row, and of the log, which ends the server.
// Needs to mount two small tmpfs; skips where that is not allowed.
#include <gmock/gmock.h>

#include "sinks/postgres/migrate.hpp"
#include "tests/integration/postgres/postgres_fixture.hpp"
#include "tests/support/small_disk.hpp"

namespace tapeline::sinks::postgres {
namespace {

using testing::HasSubstr;

class PostgresFullDisk : public testing::Test {
 protected:
  static std::string value(const Secret& dsn, const std::string& sql) {
    Connection connection(dsn, 10'000);
    if (!connection.open()) return connection.error();
    const auto rows = connection.query(sql);
    return rows && rows->size() == 1 ? (*rows)[0][0] : connection.error();
  }
  static void expect_all(const Secret& dsn, std::uint64_t end) {
    EXPECT_EQ(value(dsn, "select count(*) from tick"), std::to_string(RowFeed::count(end)[RowKind::tick]));
    EXPECT_EQ(value(dsn, "select sum(price_mantissa) from tick"), std::to_string(RowFeed::sum(end)));
    EXPECT_EQ(value(dsn, "select count(*) from quarantined_row"), "0");
  }
};

TEST_F(PostgresFullDisk, AFullTableSpaceMakesTheRowsWait) {
  test::SmallDisk disk("4m");
  if (!disk.is_mounted() || !test::PrivatePostgres::is_installed()) GTEST_SKIP() << "needs root, to mount a tmpfs";
  test::PrivatePostgres server;
  const Secret dsn(server.create_database());
  Connection owner(dsn, 10'000);
  ASSERT_TRUE(owner.open());
  ASSERT_TRUE(owner.execute("create tablespace small location '" + disk.place() + "'")) << owner.error();
  ASSERT_TRUE(
      owner.execute("do $$ begin execute format('alter role postgres in database %I set default_tablespace = "
                    "small', current_database()); end $$"))
      << owner.error();
  migrate(dsn, 10'000);
  WriterRun run(dsn);
  static_cast<void>(run.writer.open());
  run.feed(0, 20);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  disk.fill();
  std::uint64_t fed = 20;
  ASSERT_TRUE(run.poll_until([&] {
    // Until a table needs another page; the rest waits in the ring.
    if (run.ring.depth_approx() < 1'000) run.feed(fed, fed + 50), fed += 50;
    return run.writer.status().retries > 1;
  })) << run.writer.status().state;
  EXPECT_THAT(run.writer.status().state, HasSubstr("No space left on device"));
  EXPECT_THAT(run.writer.status().state, HasSubstr("make room"));
  disk.make_room();
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  EXPECT_TRUE(run.writer.status().is_healthy);
  expect_all(dsn, fed);
}

TEST_F(PostgresFullDisk, AFullLogEndsTheServerAndLosesNothing) {
  test::SmallDisk disk("48m");
  if (!disk.is_mounted() || !test::PrivatePostgres::is_installed()) GTEST_SKIP() << "needs root, to mount a tmpfs";
  test::PrivatePostgres server(
      {"max_wal_size = 32MB", "min_wal_size = 32MB", "restart_after_crash = off", "wal_recycle = off"});
  const Secret dsn(server.create_database());
  migrate(dsn, 10'000);
  server.stop();
  server.move_log(disk.place());
  server.start();
  WriterRun run(dsn);
  static_cast<void>(run.writer.open());
  run.feed(0, 20);
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  disk.fill();
  std::uint64_t fed = 20;
  ASSERT_TRUE(run.poll_until([&] {
    if (run.ring.depth_approx() < 1'000) run.feed(fed, fed + 200), fed += 200;
    return run.writer.status().retries > 2;
  })) << run.writer.status().state;
  server.wait_for_end();
  disk.make_room();
  server.start();
  ASSERT_TRUE(run.drain()) << run.writer.status().state;
  expect_all(dsn, fed);
}

}  // namespace
}  // namespace tapeline::sinks::postgres
