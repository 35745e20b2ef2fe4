#include "app/config/secret_source.hpp"

#include <gmock/gmock.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::HasSubstr;

std::string told(const Result<Secret, std::string>& secret) {
  return secret ? "secret " + secret->reveal() : "refused: " + secret.error();
}

TEST(SecretSource, TakesAVariableOfTheEnvironment) {
  const Variable set("TAPELINE_TEST_KEY", "a secret = \"with\" signs");
  EXPECT_EQ(told(secret_of_environment("TAPELINE_TEST_KEY")), "secret a secret = \"with\" signs");
}

TEST(SecretSource, AnEmptyVariableIsNotSet) {
  const Variable set("TAPELINE_TEST_KEY", "");
  EXPECT_THAT(told(secret_of_environment("TAPELINE_TEST_KEY")), HasSubstr("TAPELINE_TEST_KEY is not set; export it"));
}

TEST(SecretSource, TakesTheFirstLineOfAFile) {
  const Folder folder;
  EXPECT_EQ(told(secret_of_file(folder.write("key", "hush\nmore\n", 0400))), "secret hush");
  EXPECT_EQ(told(secret_of_file(folder.write("bare", "hush", 0600))), "secret hush");
  EXPECT_EQ(told(secret_of_file(folder.write("windows", "hush\r\n", 0440))), "secret hush");
  EXPECT_EQ(told(secret_of_file(folder.write("spaces", " hush hush \n", 0640))), "secret  hush hush ");
}

TEST(SecretSource, RefusesAFileThatOthersReadOrItsGroupChanges) {
  const Folder folder;
  for (const mode_t mode : {0644U, 0604U, 0601U, 0602U, 0660U, 0610U}) {
    EXPECT_THAT(told(secret_of_file(folder.write("key", "hush\n", mode))),
                HasSubstr("chmod 0400 " + folder.path("key")))
        << mode;
  }
}

TEST(SecretSource, TakesACredentialOfTheServiceManager) {
  const Folder folder;
  static_cast<void>(folder.write("pg-dsn", "hush\n", 0400));
  {
    const Variable set("CREDENTIALS_DIRECTORY", folder.path("").c_str());
    EXPECT_EQ(told(secret_of_credential("pg-dsn")), "secret hush");
    EXPECT_THAT(told(secret_of_credential("../pg-dsn")), HasSubstr("holds no name"));
    EXPECT_THAT(told(secret_of_credential("other")), HasSubstr("cannot read"));
  }
  const Variable none("CREDENTIALS_DIRECTORY", "");
  EXPECT_THAT(told(secret_of_credential("pg-dsn")), HasSubstr("LoadCredential=pg-dsn"));
}

TEST(SecretSource, RefusesWhatIsNoSecret) {
  const Folder folder;
  EXPECT_THAT(told(secret_of_file(folder.path("none"))), HasSubstr("No such file"));
  EXPECT_THAT(told(secret_of_file(folder.path(""))), HasSubstr("is no file"));
  EXPECT_THAT(told(secret_of_file(folder.write("empty", ""))),
              HasSubstr("the first line of " + folder.path("empty") + " is empty"));
  EXPECT_THAT(told(secret_of_file(folder.write("late", "\nhush\n"))), HasSubstr("is empty; write the secret there"));
  EXPECT_THAT(told(secret_of_file("")), HasSubstr("cannot read"));
}

TEST(HoldsPassword, InEitherFormOfAConnectionString) {
  EXPECT_TRUE(holds_password("host=db password=x"));
  EXPECT_TRUE(holds_password("password='x y' host=db"));
  EXPECT_TRUE(holds_password("sslpassword=x host=db"));
  EXPECT_TRUE(holds_password("postgres://user:x@db"));
  EXPECT_TRUE(holds_password("postgres://user:x@y@db"));
  EXPECT_TRUE(holds_password("postgres://db?password=x"));
}

TEST(HoldsPassword, NotWhereThereIsNone) {
  EXPECT_FALSE(holds_password("host=/run/postgresql port=5432 user=tapeline dbname=market"));
  EXPECT_FALSE(holds_password("postgresql://tapeline@db:5432/market?sslmode=verify-full"));
  EXPECT_FALSE(holds_password("postgresql:///market?host=/run/postgresql"));
  EXPECT_FALSE(holds_password("host=db passfile=/run/secrets/pgpass"));
  EXPECT_FALSE(holds_password(""));
}

}  // namespace
}  // namespace tapeline::app
