// Random rules on random bars, beside an oracle that walks the condition's tree over the whole history, each time anew.
#include <algorithm>
#include <array>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "core/signals/rules/message.hpp"
#include "tests/unit/core/signals/rules/rules_fixture.hpp"

namespace tapeline {
namespace {

using test::null;

struct Node;
using Tree = std::unique_ptr<const Node>;

/// A condition as a tree. `name` is what is written: an operator, a function, a field, a word or a number.
struct Node {
  std::string name;
  std::vector<Tree> of{};
  double number = 0;  // of a constant or word; how many bars
};

Tree node(std::string name, double number = 0) {
  return std::make_unique<const Node>(Node{.name = std::move(name), .number = number});
}
template <class... Trees>
Tree node_of(std::string name, double number, Trees... of) {
  Node made{.name = std::move(name), .number = number};
  (made.of.push_back(std::move(of)), ...);
  return std::make_unique<const Node>(std::move(made));
}

/// How closely what stands in the text binds; what binds less must be put in parentheses.
int closeness(const Node& tree) {
  const std::string& name = tree.name;
  if (name == "or") return 1;
  if (name == "and") return 2;
  if (name == "not") return 3;
  if (name == "for") return 4;
  if (name == "<" || name == "<=" || name == ">" || name == ">=" || name == "==" || name == "!=") return 5;
  if (name == "+" || name == "-") return 6;
  if (name == "*" || name == "/") return 7;
  if (name == "negative") return 8;
  return 9;
}

/// With no more parentheses than needed: precedence is tested too.
std::string written(const Node& tree, int around = 0) {
  const int own = closeness(tree);
  std::string text;
  if (tree.name == "not") {
    text = "not " + written(*tree.of[0], own);
  } else if (tree.name == "negative") {
    text = "-" + written(*tree.of[0], own);
  } else if (tree.name == "for") {
    text = written(*tree.of[0], own + 1) + " for " + std::to_string(static_cast<int>(tree.number)) + " bars";
  } else if (own == 5) {
    text = written(*tree.of[0], own + 1) + ' ' + tree.name + ' ' + written(*tree.of[1], own + 1);
  } else if (own < 9) {
    text = written(*tree.of[0], own) + ' ' + tree.name + ' ' + written(*tree.of[1], own + 1);
  } else {
    text = tree.name;
    for (std::size_t i = 0; i < tree.of.size(); ++i) text += (i == 0 ? "(" : ", ") + written(*tree.of[i]);
    if (!tree.of.empty()) text += ')';
  }
  return own < around ? '(' + text + ')' : text;
}

using History = std::vector<test::Values>;

/// The value of a tree at a bar: everything from the beginning, nothing remembered. Truths are 0, 1 and null.
class Oracle {
 public:
  Oracle(const History& history, double slack) : history_(history), slack_(slack) {}

  double at(const Node& tree, std::size_t bar, double direction = 1) const {  // NOLINT: as long as the language
    const std::string& name = tree.name;
    const auto side = [&](std::size_t i) { return at(*tree.of[i], bar, direction); };
    const auto before = [&](std::size_t i) { return bar == 0 ? null : at(*tree.of[i], bar - 1, direction); };
    if (tree.of.empty() && closeness(tree) == 9) return leaf(tree, bar);
    if (name == "not") return opposite(at(*tree.of[0], bar, -direction));
    if (name == "and") return lesser(side(0), side(1));
    if (name == "or") return opposite(lesser(opposite(side(0)), opposite(side(1))));
    if (name == "for") return in_a_row(tree, bar, direction);
    if (name == "negative") return -side(0);
    if (name == "abs") return std::abs(side(0));
    if (name == "prev") return before(0);
    if (name == "crosses_above") return lesser(order("<=", before(0), before(1), 0), order(">", side(0), side(1), 0));
    if (name == "crosses_below") return lesser(order(">=", before(0), before(1), 0), order("<", side(0), side(1), 0));
    const double a = side(0);
    const double b = side(1);
    if (name == "+") return a + b;
    if (name == "-") return a - b;
    if (name == "*") return a * b;
    if (name == "/") return b == 0 ? null : a / b;
    if (name == "min") return std::isnan(a) || std::isnan(b) ? null : std::min(a, b);
    if (name == "max") return std::isnan(a) || std::isnan(b) ? null : std::max(a, b);
    return order(name, a, b, slack_ * direction);
  }

 private:
  double leaf(const Node& tree, std::size_t bar) const {
    constexpr std::array<std::string_view, 6> names{"a", "b", "c", "flag", "signal", "trend"};
    const auto field = std::find(names.begin(), names.end(), tree.name);
    return field == names.end() ? tree.number : history_[bar][static_cast<std::size_t>(field - names.begin())];
  }
  static double opposite(double truth) { return 1 - truth; }
  static double lesser(double a, double b) {
    if (a == 0 || b == 0) return 0;
    return a == 1 && b == 1 ? 1 : null;
  }
  static double order(std::string_view name, double a, double b, double slack) {
    if (std::isnan(a) || std::isnan(b)) return null;
    if (name == "<") return a < b + slack;
    if (name == "<=") return a <= b + slack;
    if (name == ">") return a > b - slack;
    if (name == ">=") return a >= b - slack;
    return name == "==" ? a == b : a != b;
  }
  /// Backwards over the bars that are known, until enough are true or one is not.
  double in_a_row(const Node& tree, std::size_t bar, double direction) const {
    if (std::isnan(at(*tree.of[0], bar, direction))) return null;
    double wanted = tree.number;
    for (std::size_t i = bar + 1; i-- > 0 && wanted > 0;) {
      const double truth = at(*tree.of[0], i, direction);
      if (truth == 0) return 0;
      if (truth == 1) --wanted;
    }
    return wanted == 0;
  }

  const History& history_;
  double slack_;
};

class Grower {
 public:
  enum class Equalities { any, of_values };

  Grower(std::uint32_t seed, Equalities equalities) : random_(seed), equalities_(equalities) {}

  Tree condition(int depth) {
    switch (pick(depth == 0 ? 4 : 10)) {
      case 0: return words();
      case 1: return node("flag");
      case 2: return node_of(pick(2) == 0 ? "crosses_above" : "crosses_below", 0, number(depth), number(depth));
      case 4: return node_of("and", 0, condition(depth - 1), condition(depth - 1));
      case 5: return node_of("or", 0, condition(depth - 1), condition(depth - 1));
      case 6: return node_of("not", 0, condition(depth - 1));
      case 7: return node_of("for", 1 + pick(3), condition(depth - 1));
      case 8:
        if (equalities_ == Equalities::of_values) break;
        return node_of(pick(2) == 0 ? "==" : "!=", 0, condition(depth - 1), condition(depth - 1));
      default: break;
    }
    constexpr std::array<const char*, 6> signs{"<", "<=", ">", ">=", "==", "!="};
    return node_of(signs[pick(6)], 0, number(depth), number(depth));
  }
  test::Values bar() {
    const auto value = [&] { return pick(6) == 0 ? null : static_cast<double>(pick(7)) - 2; };
    return {value(),
            value(),
            value(),
            static_cast<double>(pick(2)),
            static_cast<double>(pick(3)),
            static_cast<double>(pick(3))};
  }
  History history(std::size_t bars) {
    History made;
    for (std::size_t i = 0; i < bars; ++i) made.push_back(bar());
    return made;
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  Tree words() {
    const std::string sign = pick(2) == 0 ? "==" : "!=";
    const unsigned value = pick(3);
    const bool is_signal = pick(2) == 0;
    const std::string word = is_signal ? to_string(static_cast<Signal>(value)) : to_string(static_cast<Trend>(value));
    return node_of(sign, 0, node(is_signal ? "signal" : "trend"), node('"' + word + '"', value));
  }
  Tree number(int depth) {
    if (depth > 0) {
      switch (pick(12)) {
        case 0: return node_of("+", 0, number(depth - 1), number(depth - 1));
        case 1: return node_of("-", 0, number(depth - 1), number(depth - 1));
        case 2: return node_of("*", 0, number(depth - 1), number(depth - 1));
        case 3: return node_of("/", 0, number(depth - 1), number(depth - 1));
        case 4: return node_of("negative", 0, number(depth - 1));
        case 5: return node_of("abs", 0, number(depth - 1));
        case 6: return node_of("min", 0, number(depth - 1), number(depth - 1));
        case 7: return node_of("max", 0, number(depth - 1), number(depth - 1));
        case 8: return node_of("prev", 0, number(depth - 1));
        default: break;
      }
    }
    constexpr std::array<const char*, 3> names{"a", "b", "c"};
    if (pick(3) > 0) return node(names[pick(3)]);
    const unsigned value = pick(5);
    return node(std::to_string(value), value);
  }

  std::mt19937 random_;
  Equalities equalities_;
};

bool same(double a, double b) { return std::isnan(a) ? std::isnan(b) : a == b; }

TEST(RulesProperties, ConditionsMeanWhatTheirTreesMean) {
  std::size_t known = 0;
  for (std::uint32_t seed = 0; seed < 5'000; ++seed) {
    Grower grower(seed, Grower::Equalities::any);
    const Tree tree = grower.condition(3);
    const History history = grower.history(8);
    const std::string text = written(*tree);
    const std::vector<double> verdicts = test::judged(text, history);
    const Oracle oracle(history, 0);
    for (std::size_t bar = 0; bar < history.size(); ++bar) {
      ASSERT_TRUE(same(verdicts[bar], oracle.at(*tree, bar))) << text << " at bar " << bar << ", seed " << seed;
      known += std::isnan(verdicts[bar]) ? 0U : 1U;
    }
  }
  EXPECT_GT(known, 15'000U) << "or little was tried";
}

TEST(RulesProperties, LoosenedConditionsMeanWhatTheirTreesMean) {
  for (std::uint32_t seed = 0; seed < 3'000; ++seed) {
    Grower grower(seed, Grower::Equalities::of_values);
    const Tree tree = grower.condition(3);
    const History history = grower.history(8);
    const std::string text = written(*tree);
    const std::vector<double> verdicts = test::judged(text, history, 1.5);
    const Oracle oracle(history, 1.5);
    for (std::size_t bar = 0; bar < history.size(); ++bar) {
      ASSERT_TRUE(same(verdicts[bar], oracle.at(*tree, bar))) << text << " at bar " << bar << ", seed " << seed;
    }
  }
}

TEST(RulesProperties, RulesFireWhereTheOraclesEdgesAre) {
  std::size_t fires = 0;
  for (std::uint32_t seed = 0; seed < 3'000; ++seed) {
    Grower grower(seed, Grower::Equalities::of_values);
    const Tree tree = grower.condition(2);
    const History history = grower.history(24);
    const double hysteresis = seed % 3 == 0 ? 0 : 1.5;
    const std::uint32_t cooldown_s = seed % 5;
    const std::vector<RuleConfig> configs{
        {.name = "r", .when = written(*tree), .hysteresis = hysteresis, .cooldown_s = cooldown_s}};
    const auto rules = RuleSet::compile(configs, test::small_table());
    ASSERT_TRUE(rules) << configs[0].when;
    RuleStates states(*rules, "X", 1);
    const Oracle condition(history, 0);
    const Oracle loosened(history, hysteresis);
    bool armed = true;
    double spent_until = -1;
    for (std::size_t bar = 0; bar < history.size(); ++bar) {
      const double holds = condition.at(*tree, bar);
      if (loosened.at(*tree, bar) == 0 && holds != 1) armed = true;
      const bool is_edge = armed && holds == 1;
      const bool fires_now = is_edge && static_cast<double>(bar) >= spent_until;
      if (is_edge) armed = false;
      if (fires_now) spent_until = static_cast<double>(bar) + cooldown_s;
      bool fired = false;
      states.update(*rules, history[bar], static_cast<Nanos>(bar) * nanos_per_second,
                    [&](std::size_t) { fired = true; });
      ASSERT_EQ(fired, fires_now) << configs[0].when << " at bar " << bar << ", seed " << seed;
      fires += fired ? 1U : 0U;
    }
  }
  EXPECT_GT(fires, 3'000U) << "or little was tried";
}

/// The three rules as they were built in once: thresholds, hysteresis and cooldown in plain code.
struct BuiltIn {
  struct Edge {
    bool armed = true;
    double spent_until = -1;
  };
  std::array<Edge, 3> edges{};

  std::array<bool, 3> update(double rsi, double change_pct, double second) {
    const double move = std::abs(change_pct);
    const std::array<bool, 3> holds{rsi<30, rsi> 70, move >= 1};
    const std::array<bool, 3> is_over{rsi >= 35, rsi <= 65, move < 1 - 0.2};
    std::array<bool, 3> fired{};
    for (std::size_t i = 0; i < 3; ++i) {
      if (is_over[i]) edges[i].armed = true;
      if (!holds[i] || !edges[i].armed) continue;
      edges[i].armed = false;
      if (second < edges[i].spent_until) continue;
      edges[i].spent_until = second + 60;
      fired[i] = true;
    }
    return fired;
  }
};

TEST(RulesProperties, DefaultRulesAreTheOnesOnceBuiltIn) {
  const FieldTable fields = bar_fields({});
  const auto rules = RuleSet::compile(default_rules(), fields);
  ASSERT_TRUE(rules);
  const std::size_t rsi = *fields.find("rsi");
  const std::size_t change_pct = *fields.find("change_pct");
  std::array<std::size_t, 3> fires{};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    RuleStates states(*rules, "X", 7);
    BuiltIn built_in;
    std::vector<double> values(fields.size(), null);
    for (int bar = 0; bar < 500; ++bar) {
      // Whole and half steps: the thresholds themselves are met, too.
      values[rsi] = random() % 9 == 0 ? null : 25 + static_cast<double>(random() % 101) / 2;
      values[change_pct] = random() % 9 == 0 ? null : (static_cast<double>(random() % 33) - 16) / 10;
      std::array<bool, 3> fired{};
      states.update(*rules, values, Nanos{bar} * 7 * nanos_per_second, [&](std::size_t rule) { fired[rule] = true; });
      ASSERT_EQ(fired, built_in.update(values[rsi], values[change_pct], bar * 7.0))
          << "seed " << seed << " bar " << bar;
      for (std::size_t i = 0; i < 3; ++i) fires[i] += fired[i] ? 1U : 0U;
    }
  }
  for (const std::size_t count : fires) EXPECT_GT(count, 100U) << "or little was tried";
}

TEST(RulesProperties, ACopyGoesOnAsTheOriginalDoes) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    Grower grower(seed, Grower::Equalities::of_values);
    const std::vector<RuleConfig> configs{
        {.name = "r", .when = written(*grower.condition(3)), .hysteresis = 0.5, .cooldown_s = 0}};
    const auto rules = RuleSet::compile(configs, test::small_table());
    ASSERT_TRUE(rules) << configs[0].when;
    RuleStates states(*rules, "X", 1);
    const auto quietly = [](std::size_t) {};
    for (Nanos bar = 0; bar < 5; ++bar) states.update(*rules, grower.bar(), bar, quietly);
    RuleStates copy = states;
    EXPECT_EQ(copy, states) << "unknown values are equal to themselves here";
    for (Nanos bar = 5; bar < 10; ++bar) {
      const test::Values values = grower.bar();
      states.update(*rules, values, bar, quietly);
      copy.update(*rules, values, bar, quietly);
    }
    EXPECT_EQ(copy, states) << configs[0].when;
  }
}

TEST(RulesProperties, MessagesSurviveWhateverIsWritten) {
  std::mt19937 random(17);
  const std::array<std::string_view, 14> pieces{"{", "}",  "{{", "}}", "{a}", "{a:.2f}", "{symbol}",
                                                "a", ":.", "f",  "9",  " ",   "\xff",    "{interval}"};
  std::size_t accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (std::size_t count = 1 + random() % 8; count > 0; --count) text += pieces[random() % pieces.size()];
    const std::vector<RuleConfig> configs{{.name = "r", .when = "a > 0", .message = text}};
    const auto rules = RuleSet::compile(configs, test::small_table());
    if (!rules) {
      ASSERT_LE(rules.error().front().column, text.size() + 1) << text;
      continue;
    }
    ++accepted;
    ASSERT_FALSE(render_message((*rules)[0], test::small_table(), "X", 60, std::vector<double>{1}).empty()) << text;
  }
  EXPECT_GT(accepted, 1'000U) << "or nothing was tried";
}

}  // namespace
}  // namespace tapeline
