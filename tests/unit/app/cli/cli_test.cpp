#include "app/cli.hpp"

#include <initializer_list>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "app/version.hpp"
#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Done {
  int status;
  std::string out;
  std::string err;
};

Done tapeline(std::initializer_list<const char*> words) {
  std::vector<const char*> arguments{"tapeline"};
  arguments.insert(arguments.end(), words);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Done done{run_command_line(static_cast<int>(arguments.size()), arguments.data()), {}, {}};
  done.out = testing::internal::GetCapturedStdout();
  done.err = testing::internal::GetCapturedStderr();
  return done;
}

TEST(CommandLine, HelpAndVersionAreNoMistakes) {
  const Done help = tapeline({"--help"});
  EXPECT_EQ(help.status, 0);
  const Done told = tapeline({"--version"});
  EXPECT_EQ(told.status, 0);
  EXPECT_EQ(told.out, std::string("tapeline ") + version + "\n");
  for (const char* command : {"run", "check", "once", "replay", "indicators", "explain", "journal", "migrate", "sim"}) {
    EXPECT_THAT(help.out, HasSubstr(std::string("\n  ") + command)) << command;
    const Done own = tapeline({command, "--help"});
    EXPECT_EQ(own.status, 0) << command;
    EXPECT_THAT(own.out, HasSubstr("Usage: tapeline " + std::string(command))) << command;
  }
}

TEST(CommandLine, AnUnknownCommandNamesTheNearest) {
  const std::pair<const char*, const char*> cases[] = {
      {"rnu", "run"}, {"chek", "check"}, {"repaly", "replay"}, {"migrat", "migrate"}, {"indicator", "indicators"}};
  for (const auto& [written, meant] : cases) {
    const Done done = tapeline({written});
    EXPECT_EQ(done.status, 2);
    EXPECT_THAT(done.err,
                StartsWith("tapeline: no such command: " + std::string(written) + "; did you mean " + meant + "?\n"));
  }
  EXPECT_THAT(tapeline({"frobnicate"}).err, StartsWith("tapeline: no such command: frobnicate\n"));
}

TEST(CommandLine, WrongUsageIsToldWhereItsOwnHelpIs) {
  EXPECT_THAT(tapeline({"journal", "verify", "/tmp"}).err,
              AllOf(HasSubstr("/tmp"), HasSubstr("\ntapeline journal verify --help tells")));
  EXPECT_THAT(tapeline({"run", "--frobnicate"}).err, HasSubstr("\ntapeline run --help tells"));
  EXPECT_THAT(tapeline({"--frobnicate"}).err, HasSubstr("\ntapeline --help tells all commands"));
}

TEST(CommandLine, WrongUsageEndsWithTwo) {
  const std::initializer_list<const char*> cases[] = {
      {},
      {""},
      {"--frobnicate"},
      {"run", "--frobnicate"},
      {"run", "surplus"},
      {"run", "--config"},
      {"run", "--for", "soon"},
      {"run", "--for", "-1"},
      {"run", "--for", "nan"},
      {"run", "--for", "inf"},
      {"run", "--lane", "two words"},
      {"replay"},
      {"replay", "--source", "binance"},
      {"replay", "recording.txt"},
      {"replay", "--source", "binance", "--lane", "a/b", "recording.txt"},
      {"replay", "--source", "nobody", "recording.txt"},
      {"replay", "--journal", "main", "--source", "binance", "recording.txt"},
      {"replay", "--journal", "main", "recording.txt"},
      {"explain"},
      {"explain", "1-1", "--bar", "BTC-USD", "1m", "2024-08-08T23:54:00Z"},
      {"explain", "--bar", "BTC-USD", "1m"},
      {"explain", "--bar", "BTC-USD", "1x", "2024-08-08T23:54:00Z"},
      {"explain", "--bar", "BTC-USD", "0", "2024-08-08T23:54:00Z"},
      {"explain", "--bar", "BTC-USD", "1m", "yesterday"},
      {"journal"},
      {"journal", "show"},
      {"journal", "show", "soon"},
      {"journal", "show", "-1"},
      {"indicators"},
      {"indicators", "--sma", "-1", "closes.csv"},
      {"indicators", "--sma", "many", "closes.csv"},
      {"indicators", "--sma", "0", "closes.csv"},
      {"indicators", "--bollinger", "-20,2", "closes.csv"},
      {"indicators", "--bollinger", "20,", "closes.csv"},
      {"indicators", "--bollinger", "20,2,1", "closes.csv"},
      {"indicators", "--bollinger", "20,nan", "closes.csv"},
      {"indicators", "--bollinger", "99999999999,2", "closes.csv"},
      {"sim", "--sessions", "never"},
      {"sim", "--tls-cert", "only.pem"},
      {"sim", "--listen", "nowhere"},
  };
  for (const auto& words : cases) {
    std::string text;
    for (const char* word : words) text += std::string(word) + " ";
    const Done done = tapeline(words);
    EXPECT_EQ(done.status, 2) << text << done.err;
    EXPECT_THAT(done.err, StartsWith("tapeline")) << text;
  }
}

TEST(CommandLine, EveryCommandRefusesAWrongConfiguration) {
  const Folder folder;
  const std::string config = folder.write("wrong.toml", "lan = \"main\"\n[bars]\nempty = 5\n");
  const char* const file = config.c_str();
  const std::string told = config + ":1: lan: no such key; did you mean lane?\n" + config +
                           ":3: bars.empty: is a whole number; write one of: skip, fill\n";
  const std::initializer_list<const char*> cases[] = {
      {"run", "--config", file},
      {"check", "--config", file},
      {"check", "--config", file, "--config-only"},
      {"once", "--config", file},
      {"replay", "--config", file, "--source", "binance", "recording.txt"},
      {"migrate", "--config", file},
  };
  for (const auto& words : cases) {
    const Done done = tapeline(words);
    EXPECT_EQ(done.status, 2) << *words.begin();
    EXPECT_EQ(done.err, told) << *words.begin();
    EXPECT_EQ(done.out, "") << *words.begin();
  }
}

TEST(CommandLine, ChecksAConfigurationWithoutTheNetwork) {
  const Folder folder;
  const std::string config = folder.write("good.toml", "[sources.binance]\nenabled = true\nsymbols = [\"BTCUSDT\"]\n");
  const Done done = tapeline({"check", "--config-only", "--config", config.c_str()});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, testing::MatchesRegex("configuration +ok +.*good.toml, hash [0-9a-f]+\n"));
  const Done json = tapeline({"check", "--config-only", "--json", "--config", config.c_str()});
  EXPECT_EQ(json.status, 0) << json.err;
  EXPECT_THAT(json.out, StartsWith("[{\"what\":\"configuration\",\"ok\":true,"));
}

TEST(CommandLine, ChecksThatFailEndWithTwoFileKeyAndCure) {
  const Folder folder;
  const Variable var("TAPELINE_VAR", folder.path("").c_str());
  // Port 9 is discard: nobody listens there.
  const std::string config = folder.write("good.toml",
                                          "[sources.yahoo]\nenabled = true\nsymbols = [\"AAPL\"]\n"
                                          "base_url = \"http://127.0.0.1:9\"\n");
  const Done done = tapeline({"check", "--config", config.c_str()});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.out, HasSubstr(config + ": sources.yahoo at http://127.0.0.1:9: "));
  EXPECT_THAT(done.out, HasSubstr("sources.yahoo.enabled = false\n"));
  EXPECT_THAT(done.out, HasSubstr(config + ": no PostgreSQL: "));
  EXPECT_THAT(done.out, HasSubstr("run ./dev up, set postgres.dsn"));
  EXPECT_THAT(done.out, HasSubstr(config + ": no Redis: "));
  EXPECT_THAT(done.out, HasSubstr("run ./dev up, set redis.address"));
}

TEST(CommandLine, WithoutAnyDatabaseTheCureIsTold) {
  const Folder folder;
  const Variable var("TAPELINE_VAR", folder.path("").c_str());
  const Done done = tapeline({"migrate", "--config", folder.write("good.toml", "").c_str()});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("./dev up"));
}

TEST(CommandLine, RunsTheIndicators) {
  const Folder folder;
  const std::string csv = folder.write("closes.csv", "close\n1\n2\n3\n");
  const Done done = tapeline({"indicators", "--sma", "2", "--bollinger", "2,1.5", csv.c_str()});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, StartsWith("index,close,sma2,rsi14,bb_mid,bb_sigma,bb_upper,bb_lower,vol20,change_pct\n0,1,"));
}

TEST(CommandLine, AFailureAtRunTimeEndsWithOne) {
  const Done done = tapeline({"indicators", "/no/such/closes.csv"});
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.err, HasSubstr("/no/such/closes.csv"));
}

}  // namespace
}  // namespace tapeline::app
