#include "core/signals/rules/compiler.hpp"

#include <random>

#include <gmock/gmock.h>

#include "tests/unit/core/signals/rules/rules_fixture.hpp"

namespace tapeline {
namespace {

using test::judged;
using test::judged_once;
using test::mistake_in;
using test::null;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;
using testing::StartsWith;

TEST(RulesLanguage, KnowsPrecedence) {
  EXPECT_EQ(judged_once("a + b * c == 7"), 1);
  EXPECT_EQ(judged_once("(a + b) * c == 9"), 1);
  EXPECT_EQ(judged_once("c - b - a == 0"), 1) << "from the left";
  EXPECT_EQ(judged_once("c / b / a == 1.5"), 1);
  EXPECT_EQ(judged_once("-a + b == 1"), 1);
  EXPECT_EQ(judged_once("- -a == 1"), 1);
  EXPECT_EQ(judged_once("a > 5 and b > 5 or c == 3"), 1) << "and binds closer than or";
  EXPECT_EQ(judged_once("a > 5 and (b > 5 or c == 3)"), 0);
  EXPECT_EQ(judged_once("not a > 5 and c == 3"), 1) << "not binds closer than and";
  EXPECT_EQ(judged_once("abs(-2) + min(a, b) + max(b, c) == 6"), 1);
}

TEST(RulesLanguage, ComparesNumbersWordsAndBooleans) {
  EXPECT_EQ(judged_once("a < b"), 1);
  EXPECT_EQ(judged_once("a <= 1 and a >= 1 and a == 1.0 and not a != 1e0"), 1);
  EXPECT_EQ(judged_once("signal == \"BUY\" and trend == \"bearish\""), 1);
  EXPECT_EQ(judged_once("signal != \"BUY\""), 0);
  EXPECT_EQ(judged_once("flag"), 1) << "a boolean is a condition";
  EXPECT_EQ(judged_once("flag == (a < b)"), 1);
}

TEST(RulesLanguage, FollowsKleenesLogic) {
  const std::vector<double> table{0, null, 1};
  for (const double left : table) {
    for (const double right : table) {
      // a and b as truth values: a comparison with 0.5, unknown for null
      const test::Values bar{left, right, 0, 0, 0, 0};
      const auto least =
          std::isnan(left) || std::isnan(right) ? (left == 0 || right == 0 ? 0 : null) : std::min(left, right);
      const auto most =
          std::isnan(left) || std::isnan(right) ? (left == 1 || right == 1 ? 1 : null) : std::max(left, right);
      const auto expect = [&](const char* text, double wanted) {
        const double verdict = judged_once(text, bar);
        EXPECT_TRUE(verdict == wanted || (std::isnan(verdict) && std::isnan(wanted))) << text << left << right;
      };
      expect("a > 0.5 and b > 0.5", least);
      expect("a > 0.5 or b > 0.5", most);
      expect("not a > 0.5", 1 - left);
    }
  }
  EXPECT_THAT(judged_once("a / 0 > 1"), IsNan()) << "there is no such number";
}

TEST(RulesLanguage, SeesCrossingsFromOneBarToTheNext) {
  const std::vector<test::Values> bars{{1, 2}, {2, 2}, {3, 2}, {4, 2}, {1, 2}, {null, 2}, {3, 2}, {3, 3}, {4, 3}};
  EXPECT_THAT(judged("crosses_above(a, b)", bars), ElementsAre(0, 0, 1, 0, 0, IsNan(), IsNan(), 0, 1));
  EXPECT_THAT(judged("crosses_below(a, b)", {{3, 2}, {1, 2}, {0, 2}}), ElementsAre(0, 1, 0))
      << "above is not below, whatever was before";
}

TEST(RulesLanguage, RemembersTheBarBefore) {
  EXPECT_THAT(judged("prev(a) < a", {{1}, {2}, {2}, {5}}), ElementsAre(IsNan(), 1, 0, 1));
  EXPECT_THAT(judged("prev(prev(a)) == 1", {{1}, {2}, {3}}), ElementsAre(IsNan(), IsNan(), 1));
}

TEST(RulesLanguage, CountsBarsInARow) {
  const std::vector<test::Values> bars{{1}, {1}, {0}, {1}, {1}, {null}, {1}, {1}};
  EXPECT_THAT(judged("a > 0 for 2 bars", bars), ElementsAre(0, 1, 0, 0, 1, IsNan(), 1, 1))
      << "an unknown bar neither counts nor ends the row";
  EXPECT_THAT(judged("(a > 0 and a < 9) for 3 bars", {{1}, {1}, {1}, {10}}), ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(judged("a > 0 for 1 bar", {{1}}), ElementsAre(1));
}

TEST(RulesLanguage, LoosensComparisonsAndTightensUnderNot) {
  const std::vector<test::Values> bars{{29}, {34}, {35}, {36}};
  EXPECT_THAT(judged("a < 30", bars, 5), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(judged("not a < 30", bars, 5), ElementsAre(1, 1, 1, 1)) << "a >= 25";
  EXPECT_THAT(judged("not (not a < 30)", bars, 5), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(judged("a == 29", bars, 5), ElementsAre(1, 0, 0, 0)) << "equality has no far and near";
}

TEST(RulesLanguage, NamesMistakesByColumnWithACure) {
  EXPECT_EQ(mistake_in("a < bb"), "5: there is no field \"bb\"; did you mean b?");
  EXPECT_THAT(mistake_in("signl == \"BUY\""), StartsWith("1: there is no field \"signl\"; did you mean signal?"));
  EXPECT_THAT(mistake_in("trend < 3"), StartsWith("1: \"<\" compares numbers, but this is a trend"));
  EXPECT_THAT(mistake_in("a < signal"), StartsWith("5: "));
  EXPECT_THAT(mistake_in("a"), HasSubstr("a condition is true or false"));
  EXPECT_THAT(mistake_in("a + (b < c)"), StartsWith("5: arithmetic takes numbers"));
  EXPECT_THAT(mistake_in("a and b"), StartsWith("1: and joins conditions"));
  EXPECT_THAT(mistake_in("signal == \"buy\""), StartsWith("11: \"buy\" is none of \"BUY\", \"SELL\", \"HOLD\""));
  EXPECT_THAT(mistake_in("a == \"BUY\""), StartsWith("6: compares a number with a word"));
  EXPECT_THAT(mistake_in("\"BUY\" == signal"), StartsWith("1: a word stands to the right"));
  EXPECT_THAT(mistake_in("signal == trend"), StartsWith("11: compares a signal with a trend"));
  EXPECT_THAT(mistake_in("a < b < c"), StartsWith("7: comparisons do not chain"));
  EXPECT_THAT(mistake_in("a < 1 b"), StartsWith("7: \"b\" is not expected here"));
  EXPECT_THAT(mistake_in("a = 1"), StartsWith("3: \"=\" is no comparison"));
  EXPECT_THAT(mistake_in("a < 1 && b < 1"), StartsWith("7: write and, or, not in words"));
  EXPECT_THAT(mistake_in("(a < 1"), StartsWith("7: \")\" is missing"));
  EXPECT_THAT(mistake_in("a <"), StartsWith("4: a value is missing here"));
  EXPECT_THAT(mistake_in(""), StartsWith("1: a value is missing here"));
  EXPECT_THAT(mistake_in("a < 1.2.3"), StartsWith("5: is no number"));
  EXPECT_THAT(mistake_in("a < 3x"), StartsWith("5: is no number"));
  EXPECT_THAT(mistake_in("a < 1e999"), StartsWith("5: is no number"));
  EXPECT_THAT(mistake_in("a < 1 for 0 bars"), StartsWith("11: write how many bars"));
  EXPECT_THAT(mistake_in("a < 1 for 2"), StartsWith("12: \"bars\" is missing"));
  EXPECT_THAT(mistake_in("sqrt(a) < 1"), StartsWith("1: there is no function \"sqrt\""));
  EXPECT_THAT(mistake_in("abs(a, b) < 1"), StartsWith("6: \")\" is missing after"));
  EXPECT_THAT(mistake_in("min(a) < 1"), StartsWith("6: \",\" is missing between"));
  EXPECT_THAT(mistake_in("abs(flag) < 1"), StartsWith("5: abs takes numbers"));
  EXPECT_THAT(mistake_in("signal == \"BUY"), StartsWith("11: a text begins here"));
  EXPECT_THAT(mistake_in("a $ b"), StartsWith("3: this character has no meaning"));
  EXPECT_THAT(mistake_in(std::string(100, '(') + "a"), HasSubstr("nested too deeply"));
  EXPECT_THAT(mistake_in(std::string(5'000, ' ')), HasSubstr("longer than 4096"));
}

TEST(RulesLanguage, KnowsWhatWasMeant) {
  const FieldTable fields = bar_fields({});
  const auto mistake = [&](std::string_view text, double slack = 0) {
    const auto condition = compile_condition(text, fields, slack);
    return condition ? "" : std::to_string(condition.error().column) + ": " + condition.error().text;
  };
  EXPECT_EQ(mistake("close < rsii"), "9: there is no field \"rsii\"; did you mean rsi?");
  EXPECT_EQ(mistake("RSI < 30"), "1: there is no field \"RSI\"; did you mean rsi?") << "capitals aside";
  EXPECT_EQ(mistake("vol > 3"), "1: there is no field \"vol\"; did you mean volume?") << "a part, rather than low";
  EXPECT_EQ(mistake("upper > 3"), "1: there is no field \"upper\"; did you mean bb_upper?");
  EXPECT_EQ(mistake("volatility_annualised > 3"),
            "1: there is no field \"volatility_annualised\"; did you mean volatility_annual?");
  EXPECT_THAT(mistake("price > 3"), HasSubstr("tapeline rules list tells all")) << "nothing is near";
  EXPECT_EQ(mistake("signal == BUY"), "11: write this word in quotes: \"BUY\"");
  EXPECT_THAT(mistake("signal == 'BUY'"), StartsWith("11: write words in double quotes"));
  EXPECT_THAT(mistake("is_filled == true"), StartsWith("14: there is no \"true\"; write is_filled"));
  EXPECT_THAT(mistake("rsi < 30 AND rsi > 5"), HasSubstr("in small letters"));
  EXPECT_THAT(mistake("rsi < and 3"), StartsWith("7: a value is missing before \"and\""));
  EXPECT_THAT(mistake("abs < 3"), StartsWith("1: \"abs\" is a function"));
  EXPECT_THAT(mistake("cross_above(close, sma)"), HasSubstr("did you mean crosses_above?"));
  EXPECT_THAT(mistake("sqrt(close) < 1"), HasSubstr("there are abs, min, max"));
  EXPECT_THAT(mistake("trend > 1"), HasSubstr("as in trend == \"bullish\""));
}

TEST(RulesLanguage, TellsMistakesAsTheManualDoes) {
  const FieldTable fields = bar_fields({});
  const std::vector<std::pair<std::string_view, std::string_view>> manual{
      {"close < rsii", "9: there is no field \"rsii\"; did you mean rsi?"},
      {"trend < 3",
       "1: \"<\" compares numbers, but this is a trend; compare it with == or !=, as in trend == \"bullish\""},
      {"signal == \"LONG\"", "11: \"LONG\" is none of \"BUY\", \"SELL\", \"HOLD\""},
      {"signal == BUY", "11: write this word in quotes: \"BUY\""},
      {"20 < rsi < 30", "10: comparisons do not chain; write a < b and b < c"},
      {"rsi < 30 close > 1", "10: \"close\" is not expected here; join conditions with and, or"},
      {"rsi = 30", "5: \"=\" is no comparison; write =="},
      {"rsi < 30 for 0 bars", "14: write how many bars, from 1 to 10000, as in for 3 bars"},
      {"cross_above(close, sma)", "1: there is no function \"cross_above\"; did you mean crosses_above?"}};
  for (const auto& [written, told] : manual) {
    const auto condition = compile_condition(written, fields, 0);
    ASSERT_FALSE(condition) << written;
    EXPECT_EQ(std::to_string(condition.error().column) + ": " + condition.error().text, told);
  }
  for (const std::string_view right :
       {"rsi < 30 and close < bb_lower", "crosses_above(close, sma) and volume > 2 * prev(volume)",
        "(abs(change_pct) >= 1.5) for 2 bars", "signal == \"BUY\" and trend != \"bearish\" and not is_filled",
        "max(high - low, abs(high - prev(close))) > 0.02 * close"}) {
    EXPECT_TRUE(compile_condition(right, fields, 0)) << right;
  }
}

TEST(RulesLanguage, BindsForToWhatStandsRightBeforeIt) {
  const std::vector<test::Values> bars{{0, 1}, {1, 1}, {1, 1}};
  EXPECT_THAT(judged("a > 0 and b > 0 for 2 bars", bars), ElementsAre(0, 1, 1));
  EXPECT_THAT(judged("(a > 0 and b > 0) for 2 bars", bars), ElementsAre(0, 0, 1));
  EXPECT_THAT(judged("not a > 0 for 2 bars", bars), ElementsAre(1, 1, 0));
}

TEST(RulesLanguage, RefusesHysteresisWhereItHasNoDirection) {
  EXPECT_TRUE(compile_condition("flag == (a < b)", test::small_table(), 0));
  EXPECT_TRUE(compile_condition("flag == crosses_above(a, b) and a < b", test::small_table(), 1));
  const auto condition = compile_condition("flag == (a < b)", test::small_table(), 1);
  ASSERT_FALSE(condition);
  EXPECT_EQ(condition.error().column, 6U);
  EXPECT_THAT(condition.error().text, HasSubstr("hysteresis has no direction"));
}

TEST(RulesLanguage, KeepsToEightFields) {
  std::vector<Field> fields;
  std::string text = "f0 > 0";
  for (int i = 0; i < 9; ++i) fields.push_back({"f" + std::to_string(i), FieldType::number});
  const FieldTable table(std::move(fields));
  for (int i = 1; i < 8; ++i) text += " and f" + std::to_string(i) + " > 0";
  EXPECT_TRUE(compile_condition(text + " and f0 > 1", table, 0));
  const auto ninth = compile_condition(text + " and f8 > 1", table, 0);
  ASSERT_FALSE(ninth);
  EXPECT_THAT(ninth.error().text, HasSubstr("one field too many"));
}

/// A random condition beside its meaning, computed by walking it.
class Tree {
 public:
  explicit Tree(std::uint32_t seed) : random_(seed) {}

  struct Piece {
    std::string text;
    double value;
  };
  Piece condition(int depth, const test::Values& bar) {
    switch (depth == 0 ? 0 : pick(4)) {
      case 1: return both(condition(depth - 1, bar), condition(depth - 1, bar));
      case 2: return either(condition(depth - 1, bar), condition(depth - 1, bar));
      case 3: {
        const Piece inner = condition(depth - 1, bar);
        return {"not (" + inner.text + ")", 1 - inner.value};
      }
      default: return compare(number(depth, bar), number(depth, bar));
    }
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  Piece number(int depth, const test::Values& bar) {
    if (depth > 0 && pick(2) == 0) {
      const Piece left = number(depth - 1, bar);
      const Piece right = number(depth - 1, bar);
      switch (pick(5)) {
        case 0: return {"(" + left.text + " + " + right.text + ")", left.value + right.value};
        case 1: return {"(" + left.text + " - " + right.text + ")", left.value - right.value};
        case 2: return {"(" + left.text + " * " + right.text + ")", left.value * right.value};
        case 3: return {"abs(" + left.text + ")", std::abs(left.value)};
        default:
          return {"min(" + left.text + ", " + right.text + ")",
                  std::isnan(left.value) || std::isnan(right.value) ? null : std::min(left.value, right.value)};
      }
    }
    constexpr const char* names[] = {"a", "b", "c"};
    const unsigned field = pick(4);
    if (field < 3) return {names[field], bar[field]};
    const unsigned value = pick(5);
    return {std::to_string(value), static_cast<double>(value)};
  }
  Piece compare(const Piece& left, const Piece& right) {
    constexpr const char* signs[] = {"<", "<=", ">", ">=", "==", "!="};
    const unsigned sign = pick(6);
    const double l = left.value;
    const double r = right.value;
    const bool holds[] = {l<r, l <= r, l> r, l >= r, l == r, l != r};
    return {"(" + left.text + " " + signs[sign] + " " + right.text + ")",
            std::isnan(l) || std::isnan(r) ? null : holds[sign]};
  }
  static Piece both(const Piece& left, const Piece& right) {
    const bool decided = left.value == 0 || right.value == 0;
    return {left.text + " and " + right.text, decided ? 0 : left.value + right.value - 1};
  }
  static Piece either(const Piece& left, const Piece& right) {
    const bool decided = left.value == 1 || right.value == 1;
    return {"(" + left.text + " or " + right.text + ")", decided ? 1 : left.value + right.value};
  }

  std::mt19937 random_;
};

TEST(RulesLanguage, MeansWhatATreeWalkMeans) {
  std::mt19937 random(7);
  const double values[] = {null, 0, 1, 2, 3, 4, -1};
  for (std::uint32_t seed = 0; seed < 5'000; ++seed) {
    const test::Values bar{values[random() % 7], values[random() % 7], values[random() % 7], 0, 0, 0};
    // Conjunctions are written without parentheses: their operands must not be disjunctions without.
    const Tree::Piece piece = Tree(seed).condition(4, bar);
    const double verdict = judged_once(piece.text, bar);
    const bool same = std::isnan(piece.value) ? std::isnan(verdict) : verdict == piece.value;
    ASSERT_TRUE(same) << piece.text << " is " << verdict << ", not " << piece.value;
  }
}

TEST(RulesLanguage, SurvivesWhateverIsWritten) {
  std::mt19937 random(11);
  const std::string_view pieces[] = {"a",  "b",    "signal", "\"BUY\"", "(",     ")",    "<",    ">=",   "==",   "and",
                                     "or", "not",  "+",      "-",       "*",     "/",    "1",    "3.",   "bars", "for",
                                     ",",  "abs(", "\"",     "  ",      "prev(", "min(", "\x01", "\xff", "!",    "1e9"};
  std::size_t accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    if (i % 2 == 0) {
      // A condition that is right but for one character.
      text = "abs(a - b) * 2 >= c and not (signal == \"BUY\" or crosses_above(a, c)) for 3 bars";
      text[random() % text.size()] = "abc(<=>)+-*/,\"1. \n"[random() % 19];
    }
    for (std::size_t words = text.empty() ? random() % 12 : 0; words > 0; --words) {
      text += pieces[random() % std::size(pieces)];
      if (random() % 2 == 0) text += ' ';
    }
    const auto condition = compile_condition(text, test::small_table(), 1);
    if (!condition) {
      ASSERT_LE(condition.error().column, text.size() + 1) << text;
      continue;
    }
    ++accepted;
    std::vector<double> memory(condition->program.slots(), null);
    const test::Values bar{1, 2, 3, 1, 1, 2};
    const double verdict = condition->program.run(bar, memory);
    ASSERT_TRUE(verdict == truth_false || verdict == truth_true || verdict == truth_unknown) << text;
  }
  EXPECT_GT(accepted, 100U) << "or nothing was tried";
}

}  // namespace
}  // namespace tapeline
