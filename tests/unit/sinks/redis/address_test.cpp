#include "sinks/redis/address.hpp"

#include <gmock/gmock.h>

namespace tapeline::sinks::redis {
namespace {

using testing::HasSubstr;

TEST(RedisAddress, ReadsASocketPath) {
  for (const char* text : {"unix:/run/redis/redis.sock", "unix:///run/redis/redis.sock"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << address.error();
    EXPECT_EQ(address->path, "/run/redis/redis.sock");
    EXPECT_EQ(to_string(*address), "unix:/run/redis/redis.sock");
  }
}

TEST(RedisAddress, ReadsHostAndPort) {
  const auto address = parse_address("redis://cache.example:7000");
  ASSERT_TRUE(address) << address.error();
  EXPECT_EQ(address->path, "");
  EXPECT_EQ(address->host, "cache.example");
  EXPECT_EQ(address->port, 7000);
}

TEST(RedisAddress, KnowsTheUsualPort) {
  const auto address = parse_address("localhost");
  ASSERT_TRUE(address) << address.error();
  EXPECT_EQ(address->port, 6379);
}

TEST(RedisAddress, ReadsIpv6InBrackets) {
  const auto address = parse_address("[::1]:6380");
  ASSERT_TRUE(address) << address.error();
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, 6380);
  EXPECT_EQ(to_string(*address), "[::1]:6380");
}

TEST(RedisAddress, RefusesTlsWithAWayOut) {
  const auto address = parse_address("rediss://cache.example");
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error(), HasSubstr("stunnel"));
}

TEST(RedisAddress, RefusesAPasswordWithoutRepeatingIt) {
  const auto address = parse_address("redis://me:hush7f3a@cache.example:6379");
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error(), HasSubstr("redis.password"));
  EXPECT_THAT(address.error(), testing::Not(HasSubstr("hush7f3a")));
}

TEST(RedisAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", ":6379", "host:", "host:0", "host:65536", "host:6379x", "unix:", "unix:redis.sock",
                           "[::1", "redis://host/3"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
  EXPECT_FALSE(parse_address("unix:/" + std::string(107, 'x')));
  EXPECT_TRUE(parse_address("unix:/" + std::string(106, 'x')));
}

}  // namespace
}  // namespace tapeline::sinks::redis
