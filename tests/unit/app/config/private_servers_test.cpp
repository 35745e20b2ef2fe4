#include "app/config/private_servers.hpp"

#include <gmock/gmock.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::HasSubstr;

TEST(PrivateServers, LiveWhereTheVariableSaysElseInVar) {
  {
    const Variable var("TAPELINE_VAR", "/srv/tapeline");
    EXPECT_EQ(resolve_var_directory(), "/srv/tapeline");
  }
  for (const char* nothing : {static_cast<const char*>(nullptr), ""}) {
    const Variable var("TAPELINE_VAR", nothing);
    EXPECT_EQ(resolve_var_directory(), (std::filesystem::current_path() / "var").string());
  }
}

TEST(PrivateServers, AreUsedWhereNoneIsConfigured) {
  const Folder folder;
  folder.write("servers.env", "TAPELINE_PG_DSN=host=/x/run dbname=tapeline\nTAPELINE_REDIS=unix:/x/redis.sock\n");
  EXPECT_EQ(resolve_postgres({}, folder.path("")).reveal(), "host=/x/run dbname=tapeline");
  EXPECT_EQ(resolve_redis({}, folder.path("")), "unix:/x/redis.sock");
}

TEST(PrivateServers, GiveWayToWhatIsConfigured) {
  const Folder folder;
  folder.write("servers.env", "TAPELINE_PG_DSN=host=/x/run\nTAPELINE_REDIS=unix:/x/redis.sock\n");
  const Config config =
      parse_config("[postgres]\ndsn = \"host=db\"\n[redis]\naddress = \"cache:6379\"", "x.toml").config;
  EXPECT_EQ(resolve_postgres(config.postgres, folder.path("")).reveal(), "host=db");
  EXPECT_EQ(resolve_redis(config.redis, folder.path("")), "cache:6379");
}

TEST(PrivateServers, AreMissedWithTheCure) {
  const Folder folder;
  try {
    static_cast<void>(resolve_postgres({}, folder.path("")));
    FAIL();
  } catch (const ConfigErrors& errors) {
    EXPECT_THAT(errors.what(), testing::AllOf(HasSubstr("run ./dev up"), HasSubstr("postgres.dsn")));
  }
  try {
    static_cast<void>(resolve_redis({}, folder.path("")));
    FAIL();
  } catch (const ConfigErrors& errors) {
    EXPECT_THAT(errors.what(), testing::AllOf(HasSubstr("run ./dev up"), HasSubstr("redis.address")));
  }
}

}  // namespace
}  // namespace tapeline::app
