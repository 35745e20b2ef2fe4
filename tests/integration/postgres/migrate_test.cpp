#include "sinks/postgres/migrate.hpp"

#include <stdexcept>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

#include "tests/integration/postgres/postgres_fixture.hpp"

namespace tapeline::sinks::postgres {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

class PostgresMigrate : public PostgresTest {
 protected:
  static std::vector<std::string> all_versions() {
    std::vector<std::string> versions;
    for (const Migration& migration : migrations()) versions.emplace_back(migration.version);
    return versions;
  }
};

TEST_F(PostgresMigrate, AppliesEachVersionOnce) {
  EXPECT_THAT(migrate(dsn(), 10'000), ElementsAreArray(all_versions()));
  EXPECT_THAT(migrate(dsn(), 10'000), IsEmpty());
  EXPECT_EQ(value("select count(*) from schema_migrations"), std::to_string(migrations().size()));
}

TEST_F(PostgresMigrate, MakesTheTablesThatOthersRelyOn) {
  migrate_database();
  for (const char* name : {"dim_source", "dim_instrument", "tick", "fact_tick", "fact_bar", "fact_signal", "fact_alert",
                           "quality_event", "audit_batch", "lane_checkpoint", "financial_data"}) {
    EXPECT_EQ(value(std::string("select to_regclass('") + name + "') is not null"), "t") << name;
  }
  EXPECT_EQ(value("select count(*) from (select symbol, price, volume, rsi, signal, timestamp from financial_data) as "
                  "contract"),
            "0");
}

TEST_F(PostgresMigrate, RunsOfSeveralProcessesTakeTurns) {
  std::vector<std::vector<std::string>> applied(6);
  std::vector<std::thread> threads;
  for (auto& versions : applied) {
    threads.emplace_back([&versions, this] {
      try {
        versions = migrate(dsn(), 30'000);
      } catch (const std::exception& problem) {
        ADD_FAILURE() << problem.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> together;
  for (const auto& versions : applied) together.insert(together.end(), versions.begin(), versions.end());
  EXPECT_THAT(together, ElementsAreArray(all_versions()));
}

TEST_F(PostgresMigrate, AFailedVersionNamesItselfAndChangesNothing) {
  query("create table fact_alert (mine integer)");
  try {
    static_cast<void>(migrate(dsn(), 10'000));
    FAIL() << "a table of that name was there already";
  } catch (const std::runtime_error& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("0001_init"));
    EXPECT_THAT(problem.what(), HasSubstr("fact_alert"));
  }
  EXPECT_EQ(value("select to_regclass('dim_source') is null"), "t");
  EXPECT_EQ(value("select count(*) from schema_migrations"), "0");
  query("drop table fact_alert");
  EXPECT_THAT(migrate(dsn(), 10'000), ElementsAreArray(all_versions()));
}

TEST_F(PostgresMigrate, SaysWhenThereIsNoServer) {
  try {
    static_cast<void>(migrate(Secret("host=/nonexistent user=u password=hunter2"), 5'000));
    FAIL() << "there is no server";
  } catch (const std::runtime_error& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("cannot connect"));
    EXPECT_THAT(problem.what(), testing::Not(HasSubstr("hunter2")));
  }
}

TEST_F(PostgresMigrate, WaitsForAServerThatHangsUpAndNotForOneThatIsNotThere) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::string port = std::to_string(acceptor.local_endpoint().port());
  std::thread crashing([&] {
    for (int i = 0; i < 3; ++i) {
      boost::asio::ip::tcp::socket socket = acceptor.accept();
      socket.close();
    }
    acceptor.close();
  });
  try {
    static_cast<void>(migrate(Secret("host=127.0.0.1 sslmode=disable user=u port=" + port), 5'000));
    FAIL() << "nothing answers there";
  } catch (const std::runtime_error& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("refused"));
  }
  crashing.join();
}

}  // namespace
}  // namespace tapeline::sinks::postgres
