#include "core/signals/rules/rule_set.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/signals/rules/compiler.hpp"
#include "core/signals/rules/message.hpp"

namespace tapeline {
namespace {

/// FNV-1a, each part ended, so that parts do not run into each other.
class Hash {
 public:
  void add(std::string_view text) noexcept {
    for (const char c : text) take(static_cast<unsigned char>(c));
    take(0);
  }
  void add(double value) noexcept {
    std::array<char, 32> text{};
    const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
    add(std::string_view(text.data(), written.ptr));
  }
  [[nodiscard]] std::uint32_t value() const noexcept { return hash_; }

 private:
  void take(unsigned char byte) noexcept { hash_ = (hash_ ^ byte) * 0x01000193U; }

  std::uint32_t hash_ = 0x811c9dc5U;
};

std::uint32_t version_of(const RuleConfig& config) noexcept {
  Hash hash;
  hash.add(config.when);
  hash.add(config.hysteresis);
  hash.add(static_cast<double>(config.cooldown_s));
  for (const std::string& symbol : config.symbols) hash.add(symbol);
  hash.add("");
  for (const std::uint32_t interval_s : config.intervals_s) hash.add(static_cast<double>(interval_s));
  return hash.value();
}

}  // namespace

Rule::Rule(RuleConfig config, Program condition, Program loosened, std::vector<std::uint16_t> fields)
    : config_(std::move(config)),
      condition_(std::move(condition)),
      loosened_(std::move(loosened)),
      fields_(std::move(fields)),
      version_(version_of(config_)) {}

bool Rule::applies(std::string_view symbol, std::uint32_t interval_s) const noexcept {
  const auto is_in = [](const auto& list, const auto& wanted) {
    return list.empty() || std::find(list.begin(), list.end(), wanted) != list.end();
  };
  return is_in(config_.symbols, symbol) && is_in(config_.intervals_s, interval_s);
}

Result<RuleSet, std::vector<RuleError>> RuleSet::compile(std::span<const RuleConfig> configs,
                                                         const FieldTable& fields) {
  RuleSet set;
  std::vector<RuleError> errors;
  for (const RuleConfig& config : configs) {
    auto condition = compile_condition(config.when, fields, 0);
    if (!condition) {
      errors.push_back({config.name, "when", condition.error().column, condition.error().text});
      continue;
    }
    auto loosened = compile_condition(config.when, fields, config.hysteresis);
    if (!loosened) {
      errors.push_back({config.name, "when", loosened.error().column, loosened.error().text});
      continue;
    }
    if (const auto problem = message_problem(config.message, fields, condition->fields)) {
      errors.push_back({config.name, "message", problem->column, problem->text});
      continue;
    }
    if (!config.enabled) continue;
    Program beside = Program::beside(condition->program, loosened->instructions);
    set.rules_.emplace_back(config, std::move(condition->program), std::move(beside), std::move(condition->fields));
  }
  if (!errors.empty()) return Unexpected{std::move(errors)};
  return set;
}

RuleStates::RuleStates(const RuleSet& rules, std::string_view symbol, std::uint32_t interval_s) {
  std::size_t slots = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].applies(symbol, interval_s)) continue;
    const std::uint16_t own = rules[i].has_hysteresis() ? rules[i].loosened().slots() : rules[i].condition().slots();
    edges_.push_back({.slots = own, .rule = static_cast<std::uint16_t>(i)});
    slots += own;
  }
  memory_.assign(slots, std::numeric_limits<double>::quiet_NaN());
}

bool RuleStates::step(const Rule& rule, Edge& edge, double* memory, std::span<const double> fields,
                      Nanos bar_end_ns) noexcept {
  const std::span<double> own(memory, edge.slots);
  double still = truth_unknown;
  if (rule.has_hysteresis()) {
    // First, as it reads what the condition is about to renew; and only where the answer matters now or later.
    if (!edge.armed || rule.loosened().counts_bars()) still = rule.loosened().run(fields, own);
    // The condition is the stricter one: it cannot fire, and need not be asked unless it remembers.
    if (!edge.armed && still != truth_false && own.empty()) return false;
  }
  const double holds = rule.condition().run(fields, own);
  if (!rule.has_hysteresis()) still = holds;
  if (still == truth_false && holds != truth_true) edge.armed = true;
  if (holds != truth_true || !edge.armed) return false;
  edge.armed = false;
  if (edge.fired_once && bar_end_ns - edge.fired_ns < rule.cooldown_ns()) return false;
  edge.fired_ns = bar_end_ns;
  edge.fired_once = true;
  return true;
}

}  // namespace tapeline
