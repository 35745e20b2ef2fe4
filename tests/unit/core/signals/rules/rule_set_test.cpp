#include "core/signals/rules/rule_set.hpp"

#include <gmock/gmock.h>

#include "core/signals/rules/message.hpp"
#include "tests/unit/core/signals/rules/rules_fixture.hpp"

namespace tapeline {
namespace {

using test::null;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RuleSet compiled(const std::vector<RuleConfig>& rules) {
  auto set = RuleSet::compile(rules, test::small_table());
  if (!set) throw std::runtime_error(set.error().front().text);
  return std::move(*set);
}

/// Bars, a second each, on which the one rule fires.
std::vector<std::size_t> fired(const RuleConfig& rule, const std::vector<double>& values) {
  const RuleSet rules = compiled({rule});
  RuleStates states(rules, "X", 1);
  std::vector<std::size_t> bars;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const test::Values bar{values[i], 0, 0, 0, 0, 0};
    states.update(rules, bar, static_cast<Nanos>(i) * nanos_per_second, [&](std::size_t) { bars.push_back(i); });
  }
  return bars;
}

TEST(Rules, FireOnTheEdgeAndNotOnTheLevel) {
  EXPECT_THAT(fired({.name = "r", .when = "a < 30", .cooldown_s = 0}, {40, 29, 28, 27, 31, 29}), ElementsAre(1, 5));
}

TEST(Rules, ReArmOnlyBeyondTheHysteresisBand) {
  const RuleConfig rule{.name = "r", .when = "a < 30", .hysteresis = 5, .cooldown_s = 0};
  EXPECT_THAT(fired(rule, {29, 31, 29, 34.9, 29, 35, 29}), ElementsAre(0, 6));
}

TEST(Rules, StaySilentDuringTheCooldown) {
  const RuleConfig rule{.name = "r", .when = "a < 30", .cooldown_s = 4};
  EXPECT_THAT(fired(rule, {29, 31, 29, 31, 29, 31, 29}), ElementsAre(0, 4)) << "an edge in the cooldown is spent";
}

TEST(Rules, AreNotMovedByUndefinedValues) {
  const RuleConfig rule{.name = "r", .when = "a < 30", .cooldown_s = 0};
  EXPECT_THAT(fired(rule, {null, 29, null, 29, 31, null, 29}), ElementsAre(1, 6));
}

TEST(Rules, KeepTheirMemoryOnBothSidesOfTheHysteresis) {
  const RuleConfig rule{.name = "r", .when = "a < 30 for 2 bars", .hysteresis = 5, .cooldown_s = 0};
  EXPECT_THAT(fired(rule, {29, 29, 33, 29, 29, 36, 29, 29}), ElementsAre(1, 7));
}

TEST(Rules, SeeTheSameBarBeforeOnBothSidesOfTheHysteresis) {
  const RuleConfig rule{.name = "r", .when = "a < prev(a)", .hysteresis = 5, .cooldown_s = 0};
  EXPECT_THAT(fired(rule, {50, 49, 50, 49, 60, 59}), ElementsAre(1, 5)) << "50 is not 5 above 49; 60 is";
  const RuleConfig both{.name = "r", .when = "crosses_above(a, 10) and a < 20", .hysteresis = 5, .cooldown_s = 0};
  EXPECT_THAT(fired(both, {9, 11, 9, 11, 12}), ElementsAre(1, 3));
}

TEST(Rules, ApplyToTheirSymbolsAndIntervals) {
  const RuleSet rules = compiled({{.name = "r", .when = "a < 1", .symbols = {"X", "Y"}, .intervals_s = {60}}});
  EXPECT_TRUE(rules[0].applies("X", 60));
  EXPECT_FALSE(rules[0].applies("Z", 60));
  EXPECT_FALSE(rules[0].applies("X", 1));
}

TEST(Rules, HaveAVersionOfAllThatDecidesWhenTheyFire) {
  const auto version = [](const RuleConfig& rule) { return compiled({rule})[0].version(); };
  const RuleConfig rule{.name = "r", .when = "a < 1"};
  const std::uint32_t plain = version(rule);
  EXPECT_EQ(version(rule), plain);
  EXPECT_NE(version({.name = "r", .when = "a < 2"}), plain);
  EXPECT_NE(version({.name = "r", .when = "a < 1", .hysteresis = 1}), plain);
  EXPECT_NE(version({.name = "r", .when = "a < 1", .cooldown_s = 1}), plain);
  EXPECT_NE(version({.name = "r", .when = "a < 1", .symbols = {"X"}}), plain);
  EXPECT_NE(version({.name = "r", .when = "a < 1", .intervals_s = {1}}), plain);
  EXPECT_EQ(version({.name = "r", .when = "a < 1", .message = "low"}), plain) << "words decide nothing";
}

TEST(Rules, AreCopiedWithWhatTheyRemember) {
  const RuleSet rules = compiled({{.name = "r", .when = "a < 30 for 2 bars", .cooldown_s = 0}});
  RuleStates states(rules, "X", 1);
  const test::Values low{1, 0, 0, 0, 0, 0};
  const auto nothing = [](std::size_t) { FAIL(); };
  states.update(rules, low, 0, nothing);
  RuleStates copy = states;
  std::size_t fires = 0;
  states.update(rules, low, 1, [&](std::size_t) { ++fires; });
  copy.update(rules, low, 1, [&](std::size_t) { ++fires; });
  EXPECT_EQ(fires, 2U);
}

TEST(Rules, TellTheFirstMistakeOfEach) {
  const auto set = RuleSet::compile(std::vector<RuleConfig>{{.name = "one", .when = "a <"},
                                                            {.name = "two", .when = "a < 1"},
                                                            {.name = "three", .when = "a < 1", .message = "{b}"}},
                                    test::small_table());
  ASSERT_FALSE(set);
  ASSERT_EQ(set.error().size(), 2U);
  EXPECT_EQ(set.error()[0].rule, "one");
  EXPECT_EQ(set.error()[0].key, "when");
  EXPECT_EQ(set.error()[0].column, 4U);
  EXPECT_EQ(set.error()[1].key, "message");
  EXPECT_EQ(set.error()[1].column, 2U);
  EXPECT_THAT(set.error()[1].text, HasSubstr("the condition does not read b"));
}

TEST(Rules, AreLeftOutWhenDisabledButReadAllTheSame) {
  EXPECT_EQ(compiled({{.name = "r", .when = "a < 1", .enabled = false}}).size(), 0U);
  EXPECT_FALSE(
      RuleSet::compile(std::vector<RuleConfig>{{.name = "r", .when = "a <", .enabled = false}}, test::small_table()));
}

TEST(Rules, DefaultsAreThreeThatCompile) {
  const auto set = RuleSet::compile(default_rules(), bar_fields({}));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 3U);
}

std::string message(const std::string& text, const std::string& when, std::vector<double> evidence) {
  const RuleSet rules = compiled({{.name = "low", .when = when, .message = text}});
  return render_message(rules[0], test::small_table(), "BTC-USD", 60, evidence);
}

TEST(RuleMessages, FillTheirTemplate) {
  EXPECT_EQ(message("{symbol}/{interval}/{rule}: {a:.2f} {b}", "a < 1 and b < 1", {0.125, 0.1}),
            "BTC-USD/60 s/low: 0.12 0.1");
  EXPECT_EQ(message("{{a}} {a:.0f}", "a < 1", {0.75}), "{a} 1");
  EXPECT_EQ(message("{signal} {flag} {a}", "flag and signal == \"BUY\" and a < 1 or a > 2", {1, 1, null}),
            "BUY true null");
  EXPECT_EQ(message("", "a < 1 and trend == \"bullish\"", {0.123456789, 1}), "BTC-USD low: a 0.123457, trend bullish");
}

TEST(RuleMessages, NameTheirMistakes) {
  const auto problem = [](std::string_view text) {
    const std::vector<std::uint16_t> read{0};
    const auto found = message_problem(text, test::small_table(), read);
    return found ? std::to_string(found->column) + ": " + found->text : "";
  };
  EXPECT_THAT(problem("{a} {symbol} {{ }}"), IsEmpty());
  EXPECT_THAT(problem("{x}"), HasSubstr("2: there is no field \"x\""));
  EXPECT_THAT(problem("low {a"), HasSubstr("5: \"{\" is not closed"));
  EXPECT_THAT(problem("low }"), HasSubstr("5: \"}\" closes nothing"));
  EXPECT_THAT(problem("{a:.2}"), HasSubstr("4: write decimals as in {rsi:.1f}"));
}

TEST(RuleFields, AreThoseOfTheBarAndItsCustomOnes) {
  const FieldTable table = bar_fields(std::vector<std::string>{"ema_9"});
  BarRow row{};
  row.close_mantissa = 12'345;
  row.price_exponent = -2;
  row.volume_mantissa = 5;
  row.rsi = 28.5;
  row.trend = Trend::bearish;
  row.interval_s = 60;
  std::vector<double> values(table.size());
  fill_fields(row, std::vector<double>{7.5}, values);
  const auto value = [&](std::string_view name) { return values[*table.find(name)]; };
  EXPECT_EQ(value("close"), 123.45);
  EXPECT_EQ(value("volume"), 5);
  EXPECT_EQ(value("rsi"), 28.5);
  EXPECT_EQ(value("trend"), static_cast<double>(Trend::bearish));
  EXPECT_EQ(value("interval_s"), 60);
  EXPECT_EQ(value("ema_9"), 7.5);
  EXPECT_FALSE(table.find("nothing"));
}

}  // namespace
}  // namespace tapeline
