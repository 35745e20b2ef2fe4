// The files that are shipped: config/*.toml. Tests run with the repository's root as working directory.
#include <fstream>
#include <map>
#include <regex>

#include <gmock/gmock.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

struct Documented {
  bool has_comment = false;  // in the line before
  bool is_set = false;       // not only in a comment
};

/// Keys as they stand in a file, "key = value" or "# key = value", dotted. What stands behind a heading in a comment,
/// "# [webhooks.desk]", is an example of a table that one names oneself, and no key that has a default.
std::map<std::string, Documented> documented_in(const std::string& path) {
  const std::regex table(R"(\[([\w.]+)\])");
  const std::regex example(R"(# \[([\w.]+)\])");
  const std::regex key(R"((# )?([a-z_]+) = .*)");
  std::map<std::string, Documented> found;
  std::string prefix;
  std::string before;
  bool in_example = false;
  for (const std::string& line : lines_of(path)) {
    std::smatch match;
    if (std::regex_match(line, example)) in_example = true;
    if (std::regex_match(line, match, table)) {
      prefix = match[1].str() + ".";
      in_example = false;
    }
    if (!in_example && std::regex_match(line, match, key)) {
      const bool has_comment = before.starts_with("# ") && !std::regex_match(before, key);
      EXPECT_TRUE(found.emplace(prefix + match[2].str(), Documented{has_comment, !match[1].matched}).second) << line;
    }
    before = line;
  }
  return found;
}

TEST(ShippedConfiguration, DefaultSaysWhatTheDefaultsAre) {
  EXPECT_EQ(load_config("config/default.toml").settings, parse_config("", "built-in defaults").settings);
}

TEST(ShippedConfiguration, DefaultHasEveryKeyWithAComment) {
  const auto documented = documented_in("config/default.toml");
  const auto settings = parse_config("", "built-in defaults").settings;
  for (const Setting& setting : settings) {
    const auto found = documented.find(setting.key);
    ASSERT_NE(found, documented.end()) << setting.key << " is not in config/default.toml";
    EXPECT_TRUE(found->second.has_comment) << setting.key << " has no comment in the line before it";
    // A key without a value to show, a secret, stands in a comment.
    EXPECT_EQ(found->second.is_set, setting.value != "(none)") << setting.key;
  }
  EXPECT_EQ(documented.size(), settings.size()) << "no key that is none";
}

TEST(ShippedConfiguration, TheExampleOfAWebhookIsOneOnceItsMarksAreTakenAway) {
  const Variable url("ALERT_WEBHOOK", "https://alerts.example.org/hook");
  const std::regex heading_or_key(R"(# (\[[\w.]+\]|[a-z_]+ = .*))");
  std::string example;
  for (const std::string& line : lines_of("config/default.toml")) {
    if (line == "# [webhooks.desk]") example = "[webhooks.desk]\n";
    std::smatch match;
    if (!example.empty() && std::regex_match(line, match, heading_or_key) && line != "# [webhooks.desk]") {
      example += match[1].str() + "\n";
    }
  }
  const auto webhooks = parse_config(example, "the example").config.webhooks;
  ASSERT_EQ(webhooks.size(), 1);
  EXPECT_EQ(webhooks.front().name, "desk");
  EXPECT_EQ(webhooks.front().attempts_max, 12) << "its last line was read";
}

TEST(ShippedConfiguration, DefaultIsUsedWhereNoneIsNamed) {
  EXPECT_EQ(load_config("").settings, load_config("config/default.toml").settings);
}

TEST(ShippedConfiguration, DemoPlaysEveryExchangeOnTheSimulator) {
  const Variable simulator("TAPELINE_SIM", "127.0.0.1:4711");
  const Variable key("TAPELINE_DEMO_KEY", "demo");
  const Config config = load_config("config/demo.toml").config;
  EXPECT_EQ(config.sources.binance.websocket_url, "ws://127.0.0.1:4711");
  for (const std::string& url :
       {config.sources.alpha_vantage.base_url, config.sources.coingecko.base_url, config.sources.yahoo.base_url}) {
    EXPECT_EQ(url, "http://127.0.0.1:4711");
  }
  EXPECT_TRUE(config.sources.alpha_vantage.enabled && config.sources.coingecko.enabled &&
              config.sources.yahoo.enabled && config.sources.binance.enabled);
  EXPECT_THAT(config.bars.intervals_s, testing::Contains(60U));
}

TEST(ShippedConfiguration, DemoWithoutTheSimulatorTellsHowToStartIt) {
  const Variable simulator("TAPELINE_SIM", nullptr);
  const Variable key("TAPELINE_DEMO_KEY", "demo");
  try {
    static_cast<void>(load_config("config/demo.toml"));
    FAIL();
  } catch (const ConfigErrors& errors) {
    EXPECT_THAT(errors.lines(), testing::SizeIs(5)) << "one for each address of each source";
    EXPECT_THAT(errors.lines(), testing::Each(testing::HasSubstr("./dev run")));
  }
}

TEST(ShippedConfiguration, LiveNeedsNoKeyAndSpeaksSecurely) {
  const Variable key("ALPHAVANTAGE_KEY", nullptr);
  const Config config = load_config("config/live.toml").config;
  EXPECT_TRUE(config.sources.binance.enabled && config.sources.coingecko.enabled && config.sources.yahoo.enabled);
  EXPECT_FALSE(config.sources.alpha_vantage.enabled);
  EXPECT_TRUE(config.sources.binance.websocket_url.starts_with("wss://"));
  EXPECT_TRUE(config.sources.coingecko.base_url.starts_with("https://"));
  EXPECT_TRUE(config.sources.yahoo.base_url.starts_with("https://"));
}

}  // namespace
}  // namespace tapeline::app
