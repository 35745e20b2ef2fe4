#include "sinks/postgres/connection_string.hpp"

#include <gmock/gmock.h>

#include "sinks/postgres/connection.hpp"

namespace tapeline::sinks::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ConnectionString, AcceptsWhatLibpqCanRead) {
  for (const char* dsn :
       {"", "host=/tmp user=x", "postgresql://u:p%40w@h:5432/d?sslmode=require", "postgres:///d?host=/run",
        "host=h password='a b@c/d'", "postgresql://u@h1:1,h2:2/d?target_session_attrs=read-write"}) {
    EXPECT_EQ(connection_string_problem(dsn), std::nullopt) << dsn;
  }
}

TEST(ConnectionString, SaysWhichCharactersToEscape) {
  for (const char* dsn : {"postgresql://u:hunter/2@h/d", "postgres://u:hunter@2@h/d", "postgresql://u:hunter?2@h",
                          "postgresql://u:hun#ter2@h"}) {
    const auto problem = connection_string_problem(dsn);
    ASSERT_TRUE(problem) << dsn;
    EXPECT_THAT(*problem, HasSubstr("'/' as %2F"));
    EXPECT_THAT(*problem, Not(HasSubstr("hun"))) << dsn;
  }
}

TEST(ConnectionString, QuotesNothingWhereAPasswordMayBe) {
  for (const char* dsn :
       {"host=h password=hunter 2 dbname=d", "postgresql://u:hunter2@h/d?port", "postgresql://u:hun%ter2@h/d"}) {
    const auto problem = connection_string_problem(dsn);
    ASSERT_TRUE(problem) << dsn;
    EXPECT_THAT(*problem, HasSubstr("cannot be read")) << dsn;
    EXPECT_THAT(*problem, Not(HasSubstr("hunter"))) << dsn;
    EXPECT_THAT(*problem, Not(HasSubstr("ter2"))) << dsn;
  }
}

TEST(ConnectionString, PassesOnTheReasonWhereThereIsNoPassword) {
  const auto problem = connection_string_problem("hots=db.example");
  ASSERT_TRUE(problem);
  EXPECT_THAT(*problem, HasSubstr("\"hots\""));
  EXPECT_THAT(*problem, Not(HasSubstr("\n")));
}

TEST(ConnectionString, IsLookedAtBeforeConnecting) {
  Connection connection(Secret("postgresql://u:hunter/2@h/d"), 1'000);
  EXPECT_FALSE(connection.open());
  EXPECT_FALSE(connection.is_open());
  EXPECT_THAT(connection.error(), HasSubstr("%2F"));
}

TEST(Connection, NamesTheServerThatIsNotThereWithoutThePassword) {
  Connection connection(Secret("host=/nonexistent user=u password=hunter2"), 5'000);
  EXPECT_FALSE(connection.open());
  EXPECT_THAT(connection.error(), HasSubstr("/nonexistent"));
  EXPECT_THAT(connection.error(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(connection.error(), Not(HasSubstr("\n")));
}

TEST(Connection, RefusesCallsBeforeItIsOpen) {
  Connection connection(Secret("host=/nonexistent"), 1'000);
  EXPECT_FALSE(connection.execute("select 1"));
  EXPECT_FALSE(connection.query("select 1"));
  EXPECT_FALSE(connection.copy("copy t from stdin", ""));
  EXPECT_EQ(connection.error(), "not connected");
}

}  // namespace
}  // namespace tapeline::sinks::postgres
