// Every kind of mistake with the one line that tells it: file, line, key, what is wrong and how to mend it.
#include <gmock/gmock.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Case {
  std::string_view text;
  std::string_view line;  // the only one
};

void expect_refused(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.text);
    EXPECT_THAT(refusal_of(one.text), ElementsAre(one.line));
  }
}

TEST(ConfigMistakes, WhatIsNoToml) {
  for (const std::string_view text :
       {"[bars\n", "\nlane =\n", "lane = main", "[bars]\nintervals_s = [60\n", "= 5", "lane = \"a\"\nlane = \"b\"",
        "[bars]\n[bars]\n", "x = \"\x01\"", "lane = \"\xff\""}) {
    SCOPED_TRACE(text);
    const auto lines = refusal_of(text);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_THAT(lines[0], testing::MatchesRegex("x\\.toml:[1-9][0-9]*: not TOML: .*; mend this line first, .*"));
    EXPECT_THAT(lines[0], Not(HasSubstr("\n")));
  }
  EXPECT_THAT(refusal_of("lane = \"a\"\n\n[bars]\nempty = skip\n"), ElementsAre(StartsWith("x.toml:4: not TOML: ")));
}

TEST(ConfigMistakes, UnknownKeysAndTables) {
  expect_refused({
      {"lan = \"main\"", "x.toml:1: lan: no such key; did you mean lane?"},
      {"\n\n[bars]\nintervals = [60]", "x.toml:4: bars.intervals: no such key; did you mean intervals_s?"},
      {"[sources.binance]\nsybmols = [\"BTCUSDT\"]",
       "x.toml:2: sources.binance.sybmols: no such key; did you mean symbols?"},
      {"[signals]\ncolour = 1", "x.toml:2: signals.colour: no such key; possible here: rsi_buy_below, rsi_sell_above"},
      {"[redsi]", "x.toml:1: redsi: no such table; did you mean redis?"},
      {"[[bars]]\n", "x.toml:1: bars: is an array; write a table"},
      {"[sources.binanse]\nenabled = true", "x.toml:1: sources.binanse: no such table; did you mean binance?"},
      {"[sources.reuters]",
       "x.toml:1: sources.reuters: no such table; possible here: alpha_vantage, coingecko, yahoo, binance, coinbase, "
       "kraken"},
      {"[log.file]\npath = \"x\"", "x.toml:1: log.file: no such table; possible here: level, format"},
      {"bars = 60", "x.toml:1: bars: is a whole number; write a table"},
      {"sources = \"all\"", "x.toml:1: sources: is a text; write a table"},
  });
}

TEST(ConfigMistakes, WrongTypes) {
  expect_refused({
      {"lane = 5", "x.toml:1: lane: is a whole number; write a text in quotes"},
      {"[bars]\nintervals_s = 60",
       "x.toml:2: bars.intervals_s: is a whole number; write an array of whole numbers, such as [1, 60]"},
      {"[bars]\nintervals_s = [\n 60,\n 1.5]",
       "x.toml:4: bars.intervals_s: holds a decimal number; write whole numbers only"},
      {"[bars]\nempty = true", "x.toml:2: bars.empty: is true or false; write one of: skip, fill"},
      {"[indicators]\nsma_length = \"20\"", "x.toml:2: indicators.sma_length: is a text; write a whole number"},
      {"[indicators]\nsma_length = 20.0", "x.toml:2: indicators.sma_length: is a decimal number; write a whole number"},
      {"[indicators]\nbollinger_width = [2.0]", "x.toml:2: indicators.bollinger_width: is an array; write a number"},
      {"[redis]\nenabled = \"yes\"", "x.toml:2: redis.enabled: is a text; write true or false"},
      {"[redis]\ndatabase = 2020-01-01", "x.toml:2: redis.database: is a date or time; write a whole number"},
      {"[transport]\nca_file = {}", "x.toml:2: transport.ca_file: is a table; write a text in quotes"},
      {"[sources.yahoo]\nsymbols = \"AAPL\"",
       "x.toml:2: sources.yahoo.symbols: is a text; write a table of our names to native ones, { \"BTC-USD\" = "
       "\"BTCUSDT\" }, or "
       "an array of names"},
      {"[sources.yahoo]\nenabled = true\nsymbols = [1]",
       "x.toml:3: sources.yahoo.symbols: is a whole number; write a table of our names to native ones, { \"BTC-USD\" = "
       "\"BTCUSDT\" }, or an array of names"},
  });
}

TEST(ConfigMistakes, ImpossibleNumbers) {
  expect_refused({
      {"[bars]\nintervals_s = []", "x.toml:2: bars.intervals_s: is empty; write at least one interval, such as [60]"},
      {"[bars]\nintervals_s = [7]",
       "x.toml:2: bars.intervals_s: holds 7, which does not divide a day of 86400 s; write one that does"},
      {"[bars]\nintervals_s = [0]", "x.toml:2: bars.intervals_s: holds 0; write whole numbers from 1 to 86400"},
      {"[bars]\nintervals_s = [60, 60]", "x.toml:2: bars.intervals_s: holds 60 twice; write it once"},
      {"[bars]\nquiet_grace_ms = -1", "x.toml:2: bars.quiet_grace_ms: is -1; write a whole number from 0 to 3600000"},
      {"[indicators]\nbollinger_length = 1",
       "x.toml:2: indicators.bollinger_length: is 1; write a whole number from 2 to 100000"},
      {"[indicators]\nbollinger_width = nan",
       "x.toml:2: indicators.bollinger_width: is nan; write a number from 0.01 to 100"},
      {"[rules.significant_move]\nhysteresis = inf",
       "x.toml:2: rules.significant_move.hysteresis: is inf; write a number from 0 to 1000000000000"},
      {"[signals]\nrsi_buy_below = 101", "x.toml:2: signals.rsi_buy_below: is 101; write a number from 0 to 100"},
      {"[signals]\nrsi_sell_above = 30",
       "x.toml:2: signals.rsi_sell_above: rsi_buy_below 30 is not below rsi_sell_above 30; write numbers with HOLD "
       "between them"},
      {"[journal]\nsegment_bytes = 100000",
       "x.toml:2: journal.segment_bytes: is 100000; write a power of two, such as 131072"},
      {"[journal]\nsegment_bytes = 1024",
       "x.toml:2: journal.segment_bytes: is 1024; write a whole number from 65536 to 1073741824"},
      {"[runtime]\nring_rows = 1000", "x.toml:2: runtime.ring_rows: is 1000; write a power of two, such as 1024"},
      {"[runtime]\nring_events = 9223372036854775807",
       "x.toml:2: runtime.ring_events: is 9223372036854775807; write a whole number from 2 to 16777216"},
      {"[runtime]\ncpus = [0, 0]", "x.toml:2: runtime.cpus: holds 0 twice; write it once"},
      {"[runtime]\ncpus = [-1]", "x.toml:2: runtime.cpus: holds -1; write whole numbers from 0 to 4095"},
      {"[sources.alpha_vantage]\ninterval_minutes = 7",
       "x.toml:2: sources.alpha_vantage.interval_minutes: is 7; write one of: 1, 5, 15, 30, 60"},
      {"[sources.coingecko]\npoll_seconds = 0",
       "x.toml:2: sources.coingecko.poll_seconds: is 0; write a whole number from 1 to 86400"},
      {"[redis]\ndatabase = 16", "x.toml:2: redis.database: is 16; write a whole number from 0 to 15"},
  });
}

TEST(ConfigMistakes, ACpuThatTheProcessMayNotUse) {
  EXPECT_THAT(
      refusal_of("[runtime]\ncpus = [4095]"),
      ElementsAre(StartsWith("x.toml:2: runtime.cpus: holds 4095, which this process may not use; write some of: ")));
}

TEST(ConfigMistakes, ImpossibleWordsAndNames) {
  expect_refused({
      {"lane = \"two words\"", "x.toml:1: lane: names a folder; write 1 to 63 letters, digits, _ or -"},
      {"lane = \"../up\"", "x.toml:1: lane: names a folder; write 1 to 63 letters, digits, _ or -"},
      {"lane = \"\"", "x.toml:1: lane: names a folder; write 1 to 63 letters, digits, _ or -"},
      {"[bars]\nempty = \"sometimes\"", "x.toml:2: bars.empty: is \"sometimes\"; write one of: skip, fill"},
      {"[bars]\nempty = \"a\\nb\"", "x.toml:2: bars.empty: is \"a?b\"; write one of: skip, fill"},
      {"[runtime]\nidle = \"sleep\"",
       "x.toml:2: runtime.idle: is \"sleep\"; write one of: automatic, spin, yield, backoff, park, power_save"},
      {"[runtime]\nthreads = \"many\"",
       "x.toml:2: runtime.threads: is \"many\"; write one of: automatic, fused, split"},
      {"[log]\nlevel = \"debug\"", "x.toml:2: log.level: is \"debug\"; write one of: info, warning, error"},
      {"[sources.yahoo]\ninterval = \"3m\"",
       "x.toml:2: sources.yahoo.interval: is \"3m\"; write one of: 1m, 2m, 5m, 15m, 30m, 60m, 1h, 1d"},
      {"[sources.yahoo]\nrange = \"1w\"",
       "x.toml:2: sources.yahoo.range: is \"1w\"; write one of: 1d, 5d, 1mo, 3mo, 6mo, 1y, 2y, 5y, 10y, ytd, max"},
      {"[transport]\nca_file = \"/no/such.pem\"",
       "x.toml:2: transport.ca_file: /no/such.pem is no file; name a PEM bundle of certificates"},
      {"[transport]\nuser_agent = \"a\\r\\nHost: b\"",
       "x.toml:2: transport.user_agent: is empty or holds what no header may; write printable ASCII, such as "
       "\"tapeline/0.1\""},
  });
}

TEST(ConfigMistakes, ImpossibleSymbols) {
  expect_refused({
      {"[sources.binance]\nenabled = true",
       "x.toml:1: sources.binance.symbols: is empty; write at least one, or enabled = false"},
      {"[sources.binance]\nenabled = true\nsymbols = {}",
       "x.toml:3: sources.binance.symbols: is empty; write at least one, or enabled = false"},
      {"[sources.yahoo]\nenabled = true\nsymbols = [\n\"AAPL\",\n\"A B\"]",
       "x.toml:5: sources.yahoo.symbols: \"A B\" is no symbol; write 1 to 63 of A-Z a-z 0-9 . _ : / = ^ -, the first a "
       "letter, a "
       "digit or ^"},
      {"[sources.yahoo]\nsymbols = { \"\" = \"AAPL\" }",
       "x.toml:2: sources.yahoo.symbols: \"\" is no symbol; write 1 to 63 of A-Z a-z 0-9 . _ : / = ^ -, the first a "
       "letter, a digit "
       "or ^"},
      {"[sources.yahoo]\nsymbols = { \"x';--\" = \"AAPL\" }",
       "x.toml:2: sources.yahoo.symbols: \"x';--\" is no symbol; write 1 to 63 of A-Z a-z 0-9 . _ : / = ^ -, the first "
       "a letter, a "
       "digit or ^"},
      {"[sources.yahoo]\nsymbols = [\"AAPL\", \"AAPL\"]",
       "x.toml:2: sources.yahoo.symbols: \"AAPL\" stands there twice; write it once"},
      {"[sources.binance.symbols]\nA = \"BTCUSDT\"\nB = \"BTCUSDT\"",
       "x.toml:3: sources.binance.symbols: \"BTCUSDT\" stands there twice; write it once"},
      {"[sources.coingecko]\nsymbols = [\"bitcoin\"]",
       "x.toml:2: sources.coingecko.symbols: \"bitcoin\" is no coin and currency; write them in lower case, such as "
       "\"bitcoin/usd\""},
      {"[sources.coingecko]\nsymbols = [\"bitcoin/\"]",
       "x.toml:2: sources.coingecko.symbols: \"bitcoin/\" is no coin and currency; write them in lower case, such as "
       "\"bitcoin/usd\""},
      {"[sources.coingecko]\nsymbols = [\"bitcoin/USD\"]",
       "x.toml:2: sources.coingecko.symbols: \"bitcoin/USD\" is no coin and currency; write them in lower case, such "
       "as "
       "\"bitcoin/usd\""},
      {"[sources.binance]\nsymbols = [\"btcusdt\"]",
       "x.toml:2: sources.binance.symbols: \"btcusdt\" is not Binance's name of a symbol; write \"BTCUSDT\""},
      {"[sources.binance]\nsymbols = [\"BTC-USD\"]",
       "x.toml:2: sources.binance.symbols: \"BTC-USD\" is not Binance's name of a symbol; write one such as { "
       "\"BTC-USD\" = "
       "\"BTCUSDT\" }"},
  });
}

TEST(ConfigMistakes, ImpossibleAddresses) {
  const Variable simulator("TAPELINE_SIM", nullptr);
  expect_refused({
      {"[sources.binance]\nwebsocket_url = \"http://localhost\"",
       "x.toml:2: sources.binance.websocket_url: \"http://localhost\" is no address; write wss://host or "
       "wss://host:port"},
      {"[sources.yahoo]\nbase_url = \"http://example.com/x\"",
       "x.toml:2: sources.yahoo.base_url: http:// would send everything in the clear; write https://example.com/x"},
      {"[sources.yahoo]\nbase_url = \"http://tapeline-sim\"",
       "x.toml:2: sources.yahoo.base_url: names the simulator, but TAPELINE_SIM is not set; start it with ./dev run, "
       "or with "
       "`tapeline sim` and export TAPELINE_SIM=127.0.0.1:PORT"},
      {"[redis]\naddress = \"unix:redis.sock\"",
       "x.toml:2: redis.address: unix: needs an absolute path, as in unix:/run/redis/redis.sock"},
      {"[redis]\naddress = \"localhost:0\"", "x.toml:2: redis.address: the port must be a number from 1 to 65535"},
      {"[redis]\naddress = \"redis://u:hush@localhost\"",
       "x.toml:2: redis.address: user and password do not belong into the address: set redis.user and redis.password"},
  });
}

TEST(ConfigMistakes, Secrets) {
  const Variable missing("TAPELINE_TEST_KEY", nullptr);
  const Folder folder;
  const std::string open_to_all = folder.write("open", "hush\n", 0644);
  const std::string source = "[sources.alpha_vantage]\nenabled = true\nsymbols = [\"IBM\"]\n";
  const std::string key = "sources.alpha_vantage.api_key: ";
  const std::string in_the_clear =
      "a secret does not stand in the file; write { env = \"NAME\" } or { file = \"/path\" }";
  expect_refused({
      {source,
       "x.toml:1: " + key + "is missing; write { env = \"ALPHAVANTAGE_KEY\" } and export it, or enabled = false"},
  });
  const std::pair<std::string, std::string> cases[] = {
      {"\"hush\"", in_the_clear},
      {"5", in_the_clear},
      {"{}", in_the_clear},
      {"{ text = \"hush\" }", in_the_clear},
      {"{ env = 5 }", in_the_clear},
      {"{ env = \"A\", file = \"/b\" }", in_the_clear},
      {"{ env = \"TAPELINE_TEST_KEY\" }",
       "the environment variable TAPELINE_TEST_KEY is not set; export it, or write { file = \"/path\" }"},
      {"{ env = \"hush-hush\" }",
       "env holds no name of a variable; write its name, such as { env = \"TAPELINE_KEY\" }, not its value"},
      {"{ file = \"" + folder.path("none") + "\" }",
       "cannot read " + folder.path("none") + " (No such file or directory); make the file, with mode 0400"},
      {"{ file = \"" + open_to_all + "\" }",
       open_to_all + " has mode 0644, more than its owner and group may read it; chmod 0400 " + open_to_all},
  };
  for (const auto& [written, told] : cases) {
    SCOPED_TRACE(written);
    EXPECT_THAT(refusal_of(source + "api_key = " + written), ElementsAre("x.toml:4: " + key + told));
  }
}

TEST(ConfigMistakes, AKeyWithALineEnd) {
  const Variable set("TAPELINE_TEST_KEY", "hush\nHost: elsewhere");
  EXPECT_THAT(
      refusal_of("[sources.coingecko]\napi_key = { env = \"TAPELINE_TEST_KEY\" }"),
      ElementsAre(
          "x.toml:2: sources.coingecko.api_key: holds white space or what is not ASCII; write the bare key where it "
          "comes from"));
}

TEST(ConfigMistakes, PasswordsInConnectionStrings) {
  for (const std::string_view dsn : {"host=db user=a password=hush", "host=db password = 'hush'",
                                     "postgresql://a:hush@db/market", "postgresql://db/market?user=a&password=hush"}) {
    SCOPED_TRACE(dsn);
    EXPECT_THAT(
        refusal_of("[postgres]\ndsn = \"" + std::string(dsn) + "\""),
        ElementsAre(
            "x.toml:2: postgres.dsn: holds a password, which does not stand in the file; write { env = \"NAME\" } or { "
            "file = \"/path\" }"));
  }
}

TEST(ConfigMistakes, AConnectionStringThatCannotBeRead) {
  const Variable dsn("TAPELINE_TEST_DSN", "host=db bogus=hush password=hush");
  const auto told = StartsWith("x.toml:2: postgres.dsn: the connection string cannot be read; its forms are ");
  EXPECT_THAT(refusal_of("[postgres]\ndsn = \"host=db bogus=1\""), ElementsAre(told));
  const auto lines = refusal_of("[postgres]\ndsn = { env = \"TAPELINE_TEST_DSN\" }");
  EXPECT_THAT(lines, ElementsAre(testing::AllOf(told, Not(HasSubstr("hush")))));
}

TEST(ConfigMistakes, AllAreToldAtOnceInTheOrderOfTheFile) {
  const auto lines = refusal_of(R"(lan = "main"
[redis]
enabled = "yes"
flush_interval_ms = 0
[bars]
intervals_s = [7, 11]
[sources.yahoo]
enabled = true
symbols = ["AAPL", "B B", "AAPL"]
base_url = "nowhere"
[unheard-of-table]
)");
  EXPECT_THAT(
      lines,
      ElementsAre(StartsWith("x.toml:1: lan: "), StartsWith("x.toml:3: redis.enabled: "),
                  StartsWith("x.toml:4: redis.flush_interval_ms: "), StartsWith("x.toml:6: bars.intervals_s: holds 7"),
                  StartsWith("x.toml:6: bars.intervals_s: holds 11"),
                  StartsWith("x.toml:9: sources.yahoo.symbols: \"B B\""),
                  StartsWith("x.toml:9: sources.yahoo.symbols: \"AAPL\""),
                  StartsWith("x.toml:10: sources.yahoo.base_url: "), StartsWith("x.toml:11: unheard-of-table: ")));
}

TEST(ConfigMistakes, WhatIsWrittenWhereASecretBelongsIsNotRepeated) {
  const auto lines = refusal_of(R"([postgres]
dsn = "postgresql://user:hush@db"
[redis]
password = "hush"
address = "redis://user:hush@db"
[sources.yahoo]
base_url = "https://user:hush@db"
[sources.alpha_vantage]
api_key = { env = "hush-hush" }
)");
  EXPECT_EQ(lines.size(), 5U);
  for (const std::string& line : lines) EXPECT_THAT(line, Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace tapeline::app
