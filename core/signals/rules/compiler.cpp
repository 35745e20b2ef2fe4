#include "core/signals/rules/compiler.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/signals/rules/nearest_name.hpp"

namespace tapeline {
namespace {

constexpr std::size_t text_bytes_max = 4'096;
constexpr std::size_t instructions_max = 1'024;
constexpr int nesting_max = 24;
constexpr double bars_max = 10'000;

const char* to_string(FieldType type) noexcept {
  constexpr std::array<const char*, 4> names{"a number", "true or false", "a signal", "a trend"};
  return names[static_cast<std::size_t>(type)];
}

constexpr std::array<std::string_view, 6> functions{"abs", "min", "max", "prev", "crosses_above", "crosses_below"};

struct Token {
  enum class Kind { end, number, name, text, sign } kind = Kind::end;
  std::string_view text;
  std::size_t column = 1;
  double number = 0;
};

class Compiler {
 public:
  Compiler(std::string_view text, const FieldTable& fields, double slack)
      : text_(text), fields_(fields), slack_(slack) {}

  Condition compile() {
    if (text_.size() > text_bytes_max) fail(1, "is longer than 4096 characters; write several rules");
    advance();
    const Operand whole = condition(0);
    if (token_.kind != Token::Kind::end) fail(token_.column, trailing_problem());
    want(whole, FieldType::boolean, "a condition is true or false");
    Program program(instructions_, slots_);
    return {std::move(program), std::move(instructions_), std::move(read_)};
  }

 private:
  struct Operand {
    FieldType type;
    std::size_t column;
  };

  [[noreturn]] static void fail(std::size_t column, std::string text) { throw ConditionError{column, std::move(text)}; }

  /// What to do about a token behind a whole condition.
  [[nodiscard]] std::string trailing_problem() const {
    const std::string written(token_.text);
    if (written == "AND" || written == "OR" || written == "FOR") {
      return "\"" + written + "\" is not expected here; write and, or, not, for in small letters";
    }
    return "\"" + written + "\" is not expected here; join conditions with and, or";
  }

  // ---- tokens
  void advance() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
    token_ = {Token::Kind::end, {}, at_ + 1, 0};
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    if (is_digit(c) || c == '.') return take_number();
    if (is_letter(c)) {
      std::size_t end = at_;
      while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
      return take(Token::Kind::name, end - at_);
    }
    if (c == '"') {
      const std::size_t end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos) fail(at_ + 1, "a text begins here and does not end; close it with \"");
      return take(Token::Kind::text, end + 1 - at_);
    }
    for (const std::string_view sign : {"<=", ">=", "==", "!="}) {
      if (text_.substr(at_, 2) == sign) return take(Token::Kind::sign, 2);
    }
    if (std::string_view("<>+-*/(),").find(c) != std::string_view::npos) return take(Token::Kind::sign, 1);
    if (c == '=') fail(at_ + 1, "\"=\" is no comparison; write ==");
    if (c == '&' || c == '|' || c == '!') fail(at_ + 1, "write and, or, not in words");
    if (c == '\'') fail(at_ + 1, "write words in double quotes, as in signal == \"BUY\"");
    fail(at_ + 1, "this character has no meaning here");
  }
  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  void take(Token::Kind kind, std::size_t length) {
    token_.kind = kind;
    token_.text = text_.substr(at_, length);
    at_ += length;
  }
  void take_number() {
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), token_.number);
    if (error != std::errc() || !std::isfinite(token_.number))
      fail(at_ + 1, "is no number; write one such as 30 or 0.5");
    take(Token::Kind::number, static_cast<std::size_t>(end - begin));
    if (at_ < text_.size() && (is_letter(text_[at_]) || text_[at_] == '.')) {
      fail(token_.column, "is no number; write one such as 30 or 0.5");
    }
  }
  bool accept(std::string_view text) {
    if ((token_.kind != Token::Kind::name && token_.kind != Token::Kind::sign) || token_.text != text) return false;
    advance();
    return true;
  }
  void expect(std::string_view sign, const char* where) {
    if (!accept(sign)) fail(token_.column, "\"" + std::string(sign) + "\" is missing " + where);
  }

  // ---- code
  void emit(Instruction instruction, int stack_change) {
    if (instructions_.size() == instructions_max) fail(token_.column, "is too long; write several rules");
    depth_ += stack_change;
    if (depth_ > static_cast<int>(rule_stack_max)) fail(token_.column, "is nested too deeply; write several rules");
    instructions_.push_back(instruction);
  }
  std::uint16_t slots(std::uint16_t count) {
    slots_ = static_cast<std::uint16_t>(slots_ + count);
    return static_cast<std::uint16_t>(slots_ - count);
  }
  static void want(const Operand& operand, FieldType type, const std::string& rule) {
    if (operand.type == type) return;
    const char* cure = type == FieldType::boolean ? "; compare it, as in rsi < 30" : "";
    if (operand.type == FieldType::signal) cure = "; compare it with == or !=, as in signal == \"BUY\"";
    if (operand.type == FieldType::trend) cure = "; compare it with == or !=, as in trend == \"bullish\"";
    fail(operand.column, rule + ", but this is " + to_string(operand.type) + cure);
  }

  // ---- grammar
  Operand condition(int nesting) {
    if (nesting > nesting_max) fail(token_.column, "is nested too deeply; write several rules");
    Operand left = conjunction(nesting);
    while (accept("or")) left = join(left, conjunction(nesting), Op::logical_or, "or joins conditions");
    return left;
  }
  Operand conjunction(int nesting) {
    Operand left = negation(nesting);
    while (accept("and")) left = join(left, negation(nesting), Op::logical_and, "and joins conditions");
    return left;
  }
  Operand join(const Operand& left, const Operand& right, Op op, const char* rule) {
    want(left, FieldType::boolean, rule);
    want(right, FieldType::boolean, rule);
    emit({op}, -1);
    return {FieldType::boolean, left.column};
  }
  Operand negation(int nesting) {
    const std::size_t column = token_.column;
    if (accept("not")) {
      if (nesting > nesting_max) fail(column, "is nested too deeply; write several rules");
      slack_ = -slack_;
      const Operand inner = negation(nesting + 1);
      slack_ = -slack_;
      want(inner, FieldType::boolean, "not turns a condition round");
      emit({Op::logical_not}, 0);
      return {FieldType::boolean, column};
    }
    const Operand inner = comparison(nesting);
    if (!accept("for")) return inner;
    want(inner, FieldType::boolean, "for N bars asks a condition");
    const double bars = token_.number;
    const bool is_whole =
        token_.kind == Token::Kind::number && bars >= 1 && bars <= bars_max && bars == std::floor(bars);
    if (!is_whole) fail(token_.column, "write how many bars, from 1 to 10000, as in for 3 bars");
    advance();
    if (!accept("bars") && !accept("bar")) fail(token_.column, "\"bars\" is missing, as in for 3 bars");
    emit({Op::held_for, slots(1), bars}, 0);
    return inner;
  }
  Operand comparison(int nesting) {
    const std::size_t loosened_before = loosened_;
    const Operand left = sum(nesting);
    constexpr std::array<std::pair<std::string_view, Op>, 6> comparisons{{{"<=", Op::less_equal},
                                                                          {">=", Op::greater_equal},
                                                                          {"==", Op::equal},
                                                                          {"!=", Op::not_equal},
                                                                          {"<", Op::less},
                                                                          {">", Op::greater}}};
    for (const auto& [sign, op] : comparisons) {
      if (token_.kind != Token::Kind::sign || token_.text != sign) continue;
      const std::size_t column = token_.column;
      advance();
      const Operand right = token_.kind == Token::Kind::text ? word(left) : sum(nesting);
      if (loosened_ != loosened_before) {
        fail(column, "hysteresis has no direction in what \"" + std::string(sign) +
                         "\" compares; write the condition with and, or, not, or leave hysteresis out");
      }
      compare(left, right, op, sign);
      for (const auto& [next, ignored] : comparisons) {
        if (token_.kind == Token::Kind::sign && token_.text == next) {
          fail(token_.column, "comparisons do not chain; write a < b and b < c");
        }
      }
      return {FieldType::boolean, left.column};
    }
    return left;
  }
  void compare(const Operand& left, const Operand& right, Op op, std::string_view sign) {
    if (op == Op::equal || op == Op::not_equal) {
      if (left.type != right.type) {
        fail(right.column, std::string("compares ") + to_string(left.type) + " with " + to_string(right.type));
      }
    } else {
      const std::string rule = "\"" + std::string(sign) + "\" compares numbers";
      want(left, FieldType::number, rule);
      want(right, FieldType::number, rule);
      if (slack_ != 0) {
        const bool is_upper = op == Op::less || op == Op::less_equal;
        emit({Op::constant, 0, is_upper ? slack_ : -slack_}, 1);
        emit({Op::add}, -1);
        ++loosened_;
      }
    }
    if (left.type != FieldType::boolean) return emit({op}, -1);
    emit({Op::logical_equal}, -1);
    if (op == Op::not_equal) emit({Op::logical_not}, 0);
  }
  Operand sum(int nesting) {
    Operand left = product(nesting);
    while (true) {
      if (accept("+")) {
        left = arithmetic(left, product(nesting), Op::add);
      } else if (accept("-")) {
        left = arithmetic(left, product(nesting), Op::subtract);
      } else {
        return left;
      }
    }
  }
  Operand product(int nesting) {
    Operand left = factor(nesting);
    while (true) {
      if (accept("*")) {
        left = arithmetic(left, factor(nesting), Op::multiply);
      } else if (accept("/")) {
        left = arithmetic(left, factor(nesting), Op::divide);
      } else {
        return left;
      }
    }
  }
  Operand arithmetic(const Operand& left, const Operand& right, Op op) {
    want(left, FieldType::number, "arithmetic takes numbers");
    want(right, FieldType::number, "arithmetic takes numbers");
    emit({op}, -1);
    return {FieldType::number, left.column};
  }
  Operand factor(int nesting) {
    const Token token = token_;
    if (nesting > nesting_max) fail(token.column, "is nested too deeply; write several rules");
    if (accept("-")) {
      want(factor(nesting + 1), FieldType::number, "- takes a number");
      emit({Op::negate}, 0);
      return {FieldType::number, token.column};
    }
    if (accept("(")) {
      const Operand inner = condition(nesting + 1);
      expect(")", "here");
      return {inner.type, token.column};
    }
    if (token.kind == Token::Kind::number) {
      advance();
      emit({Op::constant, 0, token.number}, 1);
      return {FieldType::number, token.column};
    }
    if (token.kind == Token::Kind::text)
      fail(token.column, "a word stands to the right of == or !=, as in signal == \"BUY\"");
    if (token.kind != Token::Kind::name) fail(token.column, "a value is missing here, such as rsi or 30");
    advance();
    if (token_.kind == Token::Kind::sign && token_.text == "(") return function(token, nesting);
    return field(token);
  }
  [[nodiscard]] std::string no_field(std::string_view name) const {
    const auto is_any = [&](std::span<const std::string_view> names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    const std::string quoted = '"' + std::string(name) + '"';
    if (is_any(std::array<std::string_view, 4>{"and", "or", "not", "for"}))
      return "a value is missing before " + quoted + ", such as rsi or 30";
    if (is_any(std::array<std::string_view, 2>{"true", "false"}))
      return "there is no " + quoted + "; write is_filled, or not is_filled";
    if (is_any(std::array<std::string_view, 6>{"BUY", "SELL", "HOLD", "bullish", "bearish", "neutral"}))
      return "write this word in quotes: " + quoted;
    if (is_any(functions)) return quoted + " is a function; write what it takes in parentheses, as in abs(change_pct)";
    const std::string meant = nearest_field(name, fields_);
    return "there is no field " + quoted +
           (meant.empty() ? "; tapeline rules list tells all" : "; did you mean " + meant + "?");
  }
  Operand field(const Token& token) {
    const auto index = fields_.find(token.text);
    if (!index) fail(token.column, no_field(token.text));
    if (std::find(read_.begin(), read_.end(), *index) == read_.end()) {
      if (read_.size() == alert_evidence_max) {
        fail(token.column, "is one field too many: an alert keeps the values of 8; write several rules");
      }
      read_.push_back(*index);
    }
    emit({Op::field, *index}, 1);
    if (fields_[*index].type == FieldType::boolean) emit({Op::truth}, 0);
    return {fields_[*index].type, token.column};
  }
  Operand number_argument(int nesting, const std::string& name) {
    const Operand operand = sum(nesting + 1);
    want(operand, FieldType::number, name + " takes numbers");
    return operand;
  }
  Operand function(const Token& token, int nesting) {
    const std::string name(token.text);
    const auto is = [&](std::string_view wanted) { return token.text == wanted; };
    const bool takes_one = is("abs") || is("prev");
    if (std::find(functions.begin(), functions.end(), token.text) == functions.end()) {
      const std::string meant = nearest_name(name, functions);
      fail(token.column, "there is no function \"" + name + "\"; " +
                             (meant.empty() ? "there are abs, min, max, prev, crosses_above, crosses_below"
                                            : "did you mean " + meant + "?"));
    }
    advance();
    number_argument(nesting, name);
    if (!takes_one) {
      expect(",", ("between the two values of " + name).c_str());
      number_argument(nesting, name);
    }
    expect(")", ("after the values of " + name).c_str());
    if (is("abs")) emit({Op::absolute}, 0);
    if (is("prev")) emit({Op::previous, slots(1)}, 0);
    if (is("min")) emit({Op::minimum}, -1);
    if (is("max")) emit({Op::maximum}, -1);
    if (is("crosses_above")) emit({Op::crosses_above, slots(2)}, -1);
    if (is("crosses_below")) emit({Op::crosses_below, slots(2)}, -1);
    return {is("crosses_above") || is("crosses_below") ? FieldType::boolean : FieldType::number, token.column};
  }
  /// A text in quotes: one of the words that the left side may be.
  Operand word(const Operand& left) {
    const Token token = token_;
    const std::string_view written = token.text.substr(1, token.text.size() - 2);
    double value = -1;
    std::string possible;
    const auto offer = [&](auto one) {
      const std::string_view name = to_string_of(one);
      if (name == written) value = static_cast<double>(one);
      possible += (possible.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    };
    if (left.type == FieldType::signal) {
      for (const Signal one : {Signal::buy, Signal::sell, Signal::hold}) offer(one);
    } else if (left.type == FieldType::trend) {
      for (const Trend one : {Trend::bullish, Trend::bearish, Trend::neutral}) offer(one);
    } else {
      fail(token.column, std::string("compares ") + to_string(left.type) + " with a word");
    }
    if (value < 0) fail(token.column, std::string(token.text) + " is none of " + possible);
    advance();
    emit({Op::constant, 0, value}, 1);
    return {left.type, token.column};
  }
  static std::string_view to_string_of(Signal signal) { return tapeline::to_string(signal); }
  static std::string_view to_string_of(Trend trend) { return tapeline::to_string(trend); }

  std::string_view text_;
  const FieldTable& fields_;
  double slack_;
  std::size_t at_ = 0;
  Token token_;
  std::vector<Instruction> instructions_;
  std::vector<std::uint16_t> read_;
  int depth_ = 0;
  std::uint16_t slots_ = 0;
  std::size_t loosened_ = 0;  // comparisons so far
};

}  // namespace

Result<Condition, ConditionError> compile_condition(std::string_view text, const FieldTable& fields, double slack) {
  try {
    return Compiler(text, fields, slack).compile();
  } catch (ConditionError& error) {
    return Unexpected{std::move(error)};
  }
}

std::string nearest_field(std::string_view name, const FieldTable& fields) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < fields.size(); ++i) names.push_back(fields[i].name);
  return nearest_name(name, names);
}

}  // namespace tapeline
