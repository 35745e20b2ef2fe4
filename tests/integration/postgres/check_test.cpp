#include "sinks/postgres/check.hpp"

#include <gmock/gmock.h>

#include "tests/integration/postgres/postgres_fixture.hpp"

namespace tapeline::sinks::postgres {
namespace {

using testing::HasSubstr;

using PostgresCheck = PostgresTest;

TEST_F(PostgresCheck, LeavesNothingBehind) {
  migrate_database();
  const CheckResult result = check(dsn(), 10'000);
  EXPECT_TRUE(result.ok) << result.detail;
  EXPECT_GT(result.latency_ns, 0);
  EXPECT_EQ(value("select count(*) from quality_event"), "0");
}

TEST_F(PostgresCheck, SaysWhatMakesTheTables) {
  const CheckResult result = check(dsn(), 10'000);
  EXPECT_TRUE(result.ok) << result.detail;
  EXPECT_THAT(result.detail, HasSubstr("tapeline migrate"));
  EXPECT_EQ(value("select count(*) from pg_class where relnamespace = 'public'::regnamespace"), "0");
}

TEST_F(PostgresCheck, RefusesAServerThatTakesNoRows) {
  migrate_database();
  query("alter database " + value("select current_database()") + " set default_transaction_read_only = on");
  const CheckResult result = check(dsn(), 10'000);
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.detail, HasSubstr("read-only"));
}

TEST_F(PostgresCheck, RefusesARoleThatMayNotWrite) {
  migrate_database();
  query("drop role if exists onlooker");
  query("create role onlooker login");
  query("grant select on all tables in schema public to onlooker");
  const CheckResult result = check(Secret(dsn().reveal() + " user=onlooker"), 10'000);
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.detail, HasSubstr("permission denied"));
  EXPECT_THAT(result.detail, HasSubstr("role must be allowed to write"));
  query("drop owned by onlooker");
  query("drop role onlooker");
}

TEST_F(PostgresCheck, SaysWhereNobodyAnswers) {
  const CheckResult result = check(Secret("host=/nonexistent"), 5'000);
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.detail, HasSubstr("/nonexistent"));
  EXPECT_THAT(result.detail, HasSubstr("./dev up"));
}

}  // namespace
}  // namespace tapeline::sinks::postgres
