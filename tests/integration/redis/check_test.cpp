// `tapeline check` against a real server.
#include "sinks/redis/check.hpp"

#include <gmock/gmock.h>

#include "tests/support/private_redis.hpp"

namespace tapeline::sinks::redis {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class RedisCheck : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::PrivateRedis::is_installed()) GTEST_SKIP() << "no redis-server: apt-get install redis-server";
  }
};

TEST_F(RedisCheck, MakesARoundTripAndNamesTheVersion) {
  test::PrivateRedis server;
  const auto checked = check({.address = server.address()});
  ASSERT_TRUE(checked) << checked.error();
  EXPECT_THAT(checked->server, StartsWith("Redis "));
  EXPECT_GT(checked->round_trip_ns, 0);
}

TEST_F(RedisCheck, AcceptsTheRightPassword) {
  test::PrivateRedis server({"--requirepass", "right7f3a"});
  const auto checked = check({.address = server.address(), .password = Secret("right7f3a")});
  EXPECT_TRUE(checked) << checked.error();
}

TEST_F(RedisCheck, SaysThatThePasswordIsWrongWithoutSayingIt) {
  test::PrivateRedis server({"--requirepass", "right7f3a"});
  const auto checked = check({.address = server.address(), .password = Secret("wrong7f3a")});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error(), HasSubstr("redis.password"));
  EXPECT_THAT(checked.error(), Not(HasSubstr("7f3a")));
}

TEST_F(RedisCheck, AsksForAPasswordWhereTheServerDoes) {
  test::PrivateRedis server({"--requirepass", "right7f3a"});
  const auto checked = check({.address = server.address()});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error(), HasSubstr("set redis.password"));
}

TEST_F(RedisCheck, SaysWhereNobodyListens) {
  const auto checked = check({.address = "unix:/nowhere/redis.sock"});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error(), HasSubstr("unix:/nowhere/redis.sock"));
  EXPECT_THAT(checked.error(), HasSubstr("redis.enabled"));
}

TEST_F(RedisCheck, GivesUpAServerThatDoesNotAnswer) {
  test::PrivateRedis server;
  server.pause();
  const auto checked = check({.address = server.address(), .call_timeout_ms = 100});
  server.resume();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error(), HasSubstr("no answer in time"));
}

TEST_F(RedisCheck, NamesADatabaseThatIsNotThere) {
  test::PrivateRedis server;
  const auto checked = check({.address = server.address(), .database = 99});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error(), HasSubstr("redis.database is 99"));
}

}  // namespace
}  // namespace tapeline::sinks::redis
