#include "core/signals/rules/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/signals/rules/rule_set.hpp"

namespace tapeline {
namespace {

constexpr int shortest = -1;
constexpr int brief = -2;  // six digits: for a message that nobody has written

/// A piece of a template: plain text, or a name with how many decimals.
struct Piece {
  bool is_name = false;
  std::string_view text;
  int decimals = shortest;
  std::size_t column = 1;
};

/// Calls visit(Piece) for each; the first mistake ends it.
template <class Visit>
std::optional<ConditionError> split(std::string_view message, Visit visit) {
  for (std::size_t at = 0; at < message.size();) {
    const char c = message[at];
    if (c != '{' && c != '}') {
      const std::size_t end = std::min(message.find_first_of("{}", at), message.size());
      visit(Piece{.text = message.substr(at, end - at), .column = at + 1});
      at = end;
      continue;
    }
    if (message.substr(at + 1, 1) == message.substr(at, 1)) {
      visit(Piece{.text = message.substr(at, 1), .column = at + 1});
      at += 2;
      continue;
    }
    if (c == '}') return ConditionError{at + 1, "\"}\" closes nothing; write }} for the character itself"};
    const std::size_t end = message.find('}', at);
    if (end == std::string_view::npos) {
      return ConditionError{at + 1, "\"{\" is not closed; write {{ for the character itself"};
    }
    const std::string_view inner = message.substr(at + 1, end - at - 1);
    Piece piece{.is_name = true, .text = inner.substr(0, inner.find(':')), .column = at + 2};
    if (piece.text.size() < inner.size()) {
      const std::string_view format = inner.substr(piece.text.size() + 1);
      const bool is_decimals =
          format.size() == 3 && format[0] == '.' && format[1] >= '0' && format[1] <= '9' && format[2] == 'f';
      if (!is_decimals) return ConditionError{piece.column + piece.text.size() + 1, "write decimals as in {rsi:.1f}"};
      piece.decimals = format[1] - '0';
    }
    visit(piece);
    at = end + 1;
  }
  return std::nullopt;
}

std::string number_text(double value, int decimals) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 400> text{};
  char* const end = text.data() + text.size();
  const auto written = [&] {
    if (decimals == shortest) return std::to_chars(text.data(), end, value);
    if (decimals == brief) return std::to_chars(text.data(), end, value, std::chars_format::general, 6);
    return std::to_chars(text.data(), end, value, std::chars_format::fixed, decimals);
  }();
  return {text.data(), written.ptr};
}

std::string value_text(FieldType type, double value, int decimals) {
  if (std::isnan(value)) return "null";
  switch (type) {
    case FieldType::boolean: return value != 0 ? "true" : "false";
    case FieldType::signal: return to_string(static_cast<Signal>(value));
    case FieldType::trend: return to_string(static_cast<Trend>(value));
    case FieldType::number: break;
  }
  return number_text(value, decimals);
}

}  // namespace

std::optional<ConditionError> message_problem(std::string_view message, const FieldTable& fields,
                                              std::span<const std::uint16_t> read) {
  std::optional<ConditionError> first;
  const auto found = split(message, [&](const Piece& piece) {
    if (!piece.is_name || first) return;
    if (piece.text == "symbol" || piece.text == "interval" || piece.text == "rule") return;
    const std::string name(piece.text);
    const auto index = fields.find(piece.text);
    if (!index) {
      const std::string meant = nearest_field(piece.text, fields);
      first = {piece.column,
               "there is no field \"" + name + "\"" + (meant.empty() ? "" : "; did you mean " + meant + "?")};
    } else if (std::find(read.begin(), read.end(), *index) == read.end()) {
      first = {piece.column,
               "the condition does not read " + name + ", so no alert keeps it; write one that does, or leave it out"};
    }
  });
  return first ? first : found;
}

std::string render_message(const Rule& rule, const FieldTable& fields, std::string_view symbol,
                           std::uint32_t interval_s, std::span<const double> evidence) {
  const auto read = rule.fields();
  const auto value = [&](std::size_t i, int decimals) {
    return value_text(fields[read[i]].type, i < evidence.size() ? evidence[i] : std::nan(""), decimals);
  };
  std::string text;
  if (rule.message().empty()) {
    text = std::string(symbol) + ' ' + rule.name() + ':';
    for (std::size_t i = 0; i < read.size(); ++i) {
      text += (i == 0 ? " " : ", ") + fields[read[i]].name + ' ' + value(i, brief);
    }
    return text;
  }
  static_cast<void>(split(rule.message(), [&](const Piece& piece) {
    if (!piece.is_name) {
      text += piece.text;
    } else if (piece.text == "symbol") {
      text += symbol;
    } else if (piece.text == "interval") {
      text += std::to_string(interval_s) + " s";
    } else if (piece.text == "rule") {
      text += rule.name();
    } else if (const auto index = fields.find(piece.text)) {
      const auto at = std::find(read.begin(), read.end(), *index);
      if (at != read.end()) text += value(static_cast<std::size_t>(at - read.begin()), piece.decimals);
    }
  }));
  return text;
}

}  // namespace tapeline
