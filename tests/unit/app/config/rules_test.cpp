// Rules and custom indicators: what a file may say of them, and what its mistakes are called.
#include <gmock/gmock.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ConfigRules, AreTheDefaultOnesWhereNothingIsWritten) {
  const Config config = parse_config("", "x.toml").config;
  ASSERT_EQ(config.rules.size(), 3U);
  EXPECT_EQ(config.rules[0].name, "rsi_oversold");
  EXPECT_EQ(config.rules[0].when, "rsi < 30");
  EXPECT_EQ(config.rules[0].hysteresis, 5);
}

TEST(ConfigRules, ChangeADefaultAndAddOnesOwn) {
  const Config config = parse_config(R"(
[rules.rsi_oversold]
enabled = false
[rules.dip]
when = "close < bb_lower and ema_9 > 1"
symbols = ["BTC-USD"]
severity = "critical"
[indicators.custom.ema_9]
kind = "ema"
length = 9
)",
                                     "x.toml")
                            .config;
  ASSERT_EQ(config.rules.size(), 4U);
  EXPECT_FALSE(config.rules[0].enabled);
  EXPECT_EQ(config.rules[0].when, "rsi < 30") << "what is not written stays";
  EXPECT_EQ(config.rules[3].name, "dip");
  EXPECT_THAT(config.rules[3].symbols, ElementsAre("BTC-USD"));
  EXPECT_EQ(config.rules[3].severity, Severity::critical);
  ASSERT_EQ(config.indicators.custom.size(), 1U);
  EXPECT_EQ(config.indicators.custom[0].length, 9U);
}

TEST(ConfigRules, AreRefusedWithLineAndColumn) {
  EXPECT_THAT(refusal_of("[rules.dip]\ncooldown_s = 1"),
              ElementsAre(HasSubstr("x.toml:1: rules.dip.when: is missing")));
  EXPECT_THAT(refusal_of("[rules.dip]\nwhen = \"close < rsii\""),
              ElementsAre(testing::AllOf(HasSubstr("x.toml:2: rules.dip.when: column 9: "), HasSubstr("rsi"))));
  EXPECT_THAT(refusal_of("[rules.dip]\nwhen = \"trend < 3\""),
              ElementsAre(HasSubstr("x.toml:2: rules.dip.when: column ")));
  EXPECT_THAT(refusal_of("[rules.dip]\nwhen = \"rsi < 1\"\nmessage = \"{rsii}\""),
              ElementsAre(HasSubstr("x.toml:3: rules.dip.message: column ")));
  EXPECT_THAT(refusal_of("[rules.dip]\nwhen = \"rsi < 1\"\nintervals_s = [7]"),
              ElementsAre("x.toml:3: rules.dip.intervals_s: holds 7, a length that no bar has; write some of "
                          "bars.intervals_s: 60"));
  EXPECT_THAT(refusal_of("[rules]\ndip = 5"), ElementsAre(HasSubstr("x.toml:2: rules.dip: is a whole number")));
  EXPECT_THAT(refusal_of("[rules.\"a b\"]\nwhen = \"rsi < 1\""), ElementsAre(HasSubstr("is no name for a rule")));
}

TEST(ConfigPurpose, LookingBackNeedsNoSecretAndNoSimulator) {
  constexpr std::string_view text = R"(
[sources.alpha_vantage]
enabled = true
symbols = ["IBM"]
base_url = "http://tapeline-sim"
api_key = { env = "TAPELINE_TEST_NOT_SET" }
)";
  EXPECT_EQ(refusal_of(text).size(), 2U);
  EXPECT_NO_THROW(static_cast<void>(parse_config(text, "x.toml", Purpose::look_back)));
  EXPECT_THROW(static_cast<void>(
                   parse_config("[postgres]\ndsn = { env = \"TAPELINE_TEST_NOT_SET\" }", "x.toml", Purpose::look_back)),
               ConfigErrors)
      << "the database is asked";
}

TEST(ConfigSecrets, AreNotReadByWhoOnlyInspects) {
  const std::string_view text = "[postgres]\ndsn = { credential = \"none\" }";
  EXPECT_NO_THROW(static_cast<void>(parse_config(text, "x.toml", Purpose::inspect)));
  EXPECT_THROW(static_cast<void>(parse_config("[postgres]\ndsn = { secret = \"x\" }", "x.toml", Purpose::inspect)),
               ConfigErrors)
      << "its form is wrong all the same";
}

TEST(ConfigRules, TellOfEveryRuleAtOnce) {
  EXPECT_THAT(refusal_of("[rules.a]\nwhen = \"rsi <\"\n[rules.b]\nwhen = \"foo > 1\"").size(), 2U);
}

TEST(ConfigCustomIndicators, AreRefusedWithLineAndKey) {
  EXPECT_THAT(refusal_of("[indicators.custom.fast]\nlength = 3"),
              ElementsAre(HasSubstr("x.toml:1: indicators.custom.fast.kind: is missing")));
  EXPECT_THAT(refusal_of("[indicators.custom.fast]\nkind = \"emma\""),
              Contains(HasSubstr("x.toml:2: indicators.custom.fast.kind: is \"emma\"; write one of: sma, ema")));
  EXPECT_THAT(refusal_of("[indicators.custom.rsi]\nkind = \"rsi\""),
              ElementsAre(HasSubstr("gives rsi, which is a column of every bar already")));
  EXPECT_THAT(refusal_of("[indicators.custom.X-1]\nkind = \"rsi\""),
              ElementsAre(HasSubstr("is no name for an indicator")));
}

TEST(ConfigRules, DecideTheConfigurationHash) {
  const std::string plain = parse_config("", "x.toml").hash;
  EXPECT_NE(parse_config("[rules.rsi_oversold]\nwhen = \"rsi < 29\"", "x.toml").hash, plain);
  EXPECT_NE(parse_config("[indicators.custom.e]\nkind = \"ema\"", "x.toml").hash, plain);
  EXPECT_EQ(parse_config("[rules.rsi_oversold]\nwhen = \"rsi < 30\"", "x.toml").hash, plain);
}

}  // namespace
}  // namespace tapeline::app
