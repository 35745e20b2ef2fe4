#include "app/config/config.hpp"

#include <gtest/gtest.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

std::string hash_of(std::string_view text) { return parse_config(text, "x.toml").hash; }

TEST(ConfigurationHash, IsSixteenDigitsAndStaysWhatItIs) {
  // Checkpoints in databases hold it: a change of its text is a change for every user.
  EXPECT_EQ(hash_of(""), "74c94c9b70f30327");
  EXPECT_EQ(configuration_hash(Config{}), hash_of(""));
}

TEST(ConfigurationHash, ChangesWithWhatDecidesNumbers) {
  const std::string_view texts[] = {
      "",
      "[bars]\nintervals_s = [1, 60]",
      "[bars]\nempty = \"fill\"",
      "[bars]\nquiet_grace_ms = 1",
      "[indicators]\nsma_length = 21",
      "[indicators]\nrsi_length = 21",
      "[indicators]\nbollinger_length = 21",
      "[indicators]\nbollinger_width = 2.1",
      "[indicators]\nvolatility_length = 21",
      "[signals]\nrsi_buy_below = 29.9",
      "[signals]\nrsi_sell_above = 70.1",
      "[alerts]\nmax_age_s = 601",
      "[rules.rsi_oversold]\nwhen = \"rsi < 29\"",
      "[rules.rsi_oversold]\nhysteresis = 4",
      "[rules.rsi_oversold]\ncooldown_s = 61",
      "[rules.rsi_oversold]\nseverity = \"critical\"",
      "[rules.rsi_oversold]\nmessage = \"low\"",
      "[rules.rsi_oversold]\nsymbols = [\"BTC-USD\"]",
      "[rules.rsi_oversold]\nintervals_s = [60]",
      "[rules.rsi_oversold]\nenabled = false",
      "[rules.own]\nwhen = \"rsi < 29\"",
      "[indicators.custom.own]\nkind = \"ema\"",
      "[indicators.custom.own]\nkind = \"sma\"",
      "[indicators.custom.own]\nkind = \"ema\"\nlength = 21",
      "[quality]\noutlier_z = 9",
      "[quality]\noutlier = \"reject\"",
      "[quality]\nahead_ms = 1",
      "[sources.binance]\nsymbols = [\"BTCUSDT\"]",
      "[sources.binance]\nsymbols = { \"BTC-USD\" = \"BTCUSDT\" }",
      "[sources.yahoo]\nsymbols = [\"BTCUSDT\"]",
      "[sources.alpha_vantage]\nlateness_ms = 1",
      "[sources.coingecko]\nlateness_ms = 1",
      "[sources.yahoo]\nlateness_ms = 1",
      "[sources.binance]\nlateness_ms = 1",
  };
  std::vector<std::pair<std::string, std::string_view>> seen;
  for (const std::string_view text : texts) {
    const std::string hash = hash_of(text);
    for (const auto& [known, known_text] : seen) EXPECT_NE(hash, known) << text << " and " << known_text;
    seen.emplace_back(hash, text);
  }
}

TEST(ConfigurationHash, DoesNotKnowSecretsAddressesThreadsOrOrder) {
  const Variable key("TAPELINE_TEST_KEY", "hush");
  const std::string hash = hash_of("");
  for (const std::string_view text :
       {"lane = \"other\"", "[postgres]\ndsn = \"host=elsewhere\"", "[postgres]\nbatch_rows_max = 1",
        "[redis]\npassword = { env = \"TAPELINE_TEST_KEY\" }", "[redis]\nenabled = false",
        "[runtime]\nthreads = \"split\"\nring_rows = 8", "[log]\nlevel = \"error\"",
        "[sources.coingecko]\napi_key = { env = \"TAPELINE_TEST_KEY\" }",
        "[sources.yahoo]\nbase_url = \"https://example.com\"\npoll_seconds = 5"}) {
    EXPECT_EQ(hash_of(text), hash) << text;
  }
  EXPECT_EQ(hash_of("[bars]\nintervals_s = [60, 1]"), hash_of("[bars]\nintervals_s = [1, 60] # sorted"));
  EXPECT_EQ(hash_of("[sources.yahoo]\nsymbols = [\"A\", \"B\"]"),
            hash_of("[sources.yahoo]\nsymbols = { B = \"B\", A = \"A\" }"));
}

TEST(LaneName, NamesAFolder) {
  for (const std::string_view name : {"main", "a", "replay-binance_2", "0"}) EXPECT_TRUE(is_lane_name(name)) << name;
  for (const std::string_view name : {"", ".", "..", "a/b", "a b", "a.b", "\xc3\xa4"})
    EXPECT_FALSE(is_lane_name(name)) << name;
  EXPECT_TRUE(is_lane_name(std::string(63, 'a')));
  EXPECT_FALSE(is_lane_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace tapeline::app
