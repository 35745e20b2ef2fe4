#include "app/config/loader.hpp"

#include <set>

#include <gmock/gmock.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::ElementsAre;

Config parsed(std::string_view text) { return parse_config(text, "x.toml").config; }

TEST(Loader, AnEmptyFileIsTheDefaults) {
  const Config config = parsed("");
  EXPECT_EQ(config.lane, "main");
  EXPECT_THAT(config.bars.intervals_s, ElementsAre(60U));
  EXPECT_TRUE(config.postgres.enabled);
  EXPECT_FALSE(config.sources.binance.enabled);
}

TEST(Loader, ReadsEveryKindOfValue) {
  const Variable key("TAPELINE_TEST_KEY", "hush");
  const Config config = parsed(R"(lane = "tokyo-1"
journal.segment_bytes = 0x10000
bars = { intervals_s = [3_600, 1, 60], empty = "fill" }
[indicators]
bollinger_width = 3
[runtime]
threads = "split"
cpus = []
[log]
format = "json"
[sources.binance]
enabled = true
symbols = { "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }
[sources.yahoo]
symbols = ["AAPL", "^GSPC"]
[sources.coingecko]
endpoint = "coins_markets"
[sources.alpha_vantage]
api_key = { env = "TAPELINE_TEST_KEY" }
[postgres]
dsn = "host=/run/postgresql dbname=market"
synchronous_commit = false
[redis]
address = "unix:/run/redis.sock"
)");
  EXPECT_EQ(config.lane, "tokyo-1");
  EXPECT_EQ(config.journal.segment_bytes, 65'536U);
  EXPECT_THAT(config.bars.intervals_s, ElementsAre(1U, 60U, 3'600U)) << "sorted";
  EXPECT_EQ(config.bars.empty, EmptyBars::fill);
  EXPECT_EQ(config.indicators.bollinger_width, 3.0) << "a whole number is a number";
  EXPECT_EQ(config.runtime.threads, Threads::split);
  EXPECT_EQ(config.log.format, LogFormat::json);
  EXPECT_TRUE(config.sources.binance.enabled);
  ASSERT_EQ(config.sources.binance.symbols.size(), 2U);
  EXPECT_EQ(config.sources.binance.symbols[0].symbol, "BTC-USD");
  EXPECT_EQ(config.sources.binance.symbols[0].native_symbol, "BTCUSDT");
  ASSERT_EQ(config.sources.yahoo.symbols.size(), 2U);
  EXPECT_EQ(config.sources.yahoo.symbols[1].symbol, "^GSPC");
  EXPECT_EQ(config.sources.yahoo.symbols[1].native_symbol, "^GSPC");
  EXPECT_EQ(config.sources.coingecko.endpoint, feeds::coingecko::Endpoint::coins_markets);
  EXPECT_EQ(config.sources.alpha_vantage.api_key.reveal(), "hush");
  EXPECT_EQ(config.postgres.dsn.reveal(), "host=/run/postgresql dbname=market");
  EXPECT_FALSE(config.postgres.synchronous_commit);
  EXPECT_EQ(config.redis.address, "unix:/run/redis.sock");
}

TEST(Loader, TakesTheLimitsThemselves) {
  EXPECT_EQ(parsed("[bars]\nintervals_s = [86400]\nquiet_grace_ms = 0").bars.intervals_s.front(), 86'400U);
  EXPECT_EQ(parsed("[redis]\ndatabase = 15").redis.database, 15);
  EXPECT_EQ(parsed("[signals]\nrsi_buy_below = 0\nrsi_sell_above = 100").signals.rsi_sell_above, 100.0);
}

TEST(Loader, ListsEveryKeyOnceAndNoSecret) {
  const Variable key("TAPELINE_TEST_KEY", "hush");
  const auto settings = parse_config("[redis]\npassword = { env = \"TAPELINE_TEST_KEY\" }", "x.toml").settings;
  std::set<std::string> keys;
  for (const Setting& setting : settings) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_THAT(setting.value, testing::Not(testing::HasSubstr("hush"))) << setting.key;
  }
  EXPECT_THAT(settings, testing::Contains(Setting{"redis.password", "(set)"}));
  EXPECT_THAT(settings, testing::Contains(Setting{"bars.intervals_s", "[60]"}));
  EXPECT_THAT(settings, testing::Contains(Setting{"postgres.dsn", "(none)"}));
  EXPECT_THAT(settings, testing::Contains(Setting{"runtime.idle", "\"automatic\""}));
}

TEST(Loader, NamesAFileThatCannotBeRead) {
  const Folder folder;
  for (const std::string& path : {folder.path("none.toml"), folder.path("")}) {
    try {
      static_cast<void>(load_config(path));
      FAIL() << path;
    } catch (const ConfigErrors& errors) {
      EXPECT_THAT(errors.lines(), ElementsAre(path + ": cannot be read; name a TOML file after --config"));
    }
  }
}

TEST(Loader, ReadsAnEmptyFile) {
  const Folder folder;
  EXPECT_EQ(load_config(folder.write("empty.toml", "")).settings, parse_config("", "x.toml").settings);
}

TEST(Loader, NamesTheFileInEveryMistake) {
  const Folder folder;
  const std::string path = folder.write("wrong.toml", "a = 1\nb = 2\n");
  try {
    static_cast<void>(load_config(path));
    FAIL();
  } catch (const ConfigErrors& errors) {
    EXPECT_THAT(errors.lines(),
                ElementsAre(testing::StartsWith(path + ":1: a: "), testing::StartsWith(path + ":2: b: ")));
    EXPECT_EQ(std::string(errors.what()), errors.lines()[0] + "\n" + errors.lines()[1]);
  }
}

}  // namespace
}  // namespace tapeline::app
