// The rules of a configuration, compiled; and what they remember of one series.
//
// Threads   RuleSet is immutable and shared; RuleStates is a value of its series.
// Ordering  Edges, not levels: a rule fires when its condition becomes true, and is armed again when the condition,
//           loosened by its hysteresis, has become false. Unknown changes nothing. The cooldown runs in event time.
// Cost      No allocation after construction.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/signals/rules/fields.hpp"
#include "core/signals/rules/program.hpp"
#include "core/signals/rules/rule_config.hpp"

namespace tapeline {

struct RuleError {
  std::string rule;
  std::string key;  // "when" or "message"
  std::size_t column;
  std::string text;
};

class Rule {
 public:
  Rule(RuleConfig config, Program condition, Program loosened, std::vector<std::uint16_t> fields);

  [[nodiscard]] const std::string& name() const noexcept { return config_.name; }
  [[nodiscard]] const std::string& when() const noexcept { return config_.when; }
  [[nodiscard]] const std::string& message() const noexcept { return config_.message; }
  [[nodiscard]] Severity severity() const noexcept { return config_.severity; }
  [[nodiscard]] Nanos cooldown_ns() const noexcept { return Nanos{config_.cooldown_s} * nanos_per_second; }
  /// That the condition reads, in order of first use; at most alert_evidence_max.
  [[nodiscard]] std::span<const std::uint16_t> fields() const noexcept { return fields_; }
  /// Hash of all that decides when it fires.
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
  [[nodiscard]] bool applies(std::string_view symbol, std::uint32_t interval_s) const noexcept;

  [[nodiscard]] const Program& condition() const noexcept { return condition_; }
  /// The condition loosened by the hysteresis; the same where there is none.
  [[nodiscard]] const Program& loosened() const noexcept { return loosened_; }
  [[nodiscard]] bool has_hysteresis() const noexcept { return config_.hysteresis > 0; }

 private:
  RuleConfig config_;
  Program condition_;
  Program loosened_;
  std::vector<std::uint16_t> fields_;
  std::uint32_t version_;
};

class RuleSet {
 public:
  /// Disabled rules are compiled too, and left out. The first mistake of each rule where there are any.
  [[nodiscard]] static Result<RuleSet, std::vector<RuleError>> compile(std::span<const RuleConfig> configs,
                                                                       const FieldTable& fields);

  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }
  [[nodiscard]] const Rule& operator[](std::size_t index) const noexcept { return rules_[index]; }

 private:
  std::vector<Rule> rules_;
};

class RuleStates {
 public:
  RuleStates(const RuleSet& rules, std::string_view symbol, std::uint32_t interval_s);

  /// Judges one closed bar; on_fire(index of the rule) for each that fires.
  template <class OnFire>
  void update(const RuleSet& rules, std::span<const double> fields, Nanos bar_end_ns, OnFire&& on_fire) {
    double* memory = memory_.data();
    for (Edge& edge : edges_) {
      if (step(rules[edge.rule], edge, memory, fields, bar_end_ns)) on_fire(std::size_t{edge.rule});
      memory += edge.slots;
    }
  }

  /// Precondition: the same rules, for the same series.
  void archive(auto& archive) {
    for (Edge& edge : edges_) archive(edge.fired_ns, edge.armed, edge.fired_once);
    archive(std::span(memory_));
  }

  /// Equal to the last bit: what is unknown in both is equal.
  friend bool operator==(const RuleStates& a, const RuleStates& b) noexcept {
    const auto same = [](double x, double y) {
      return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
    };
    return a.edges_ == b.edges_ &&
           std::equal(a.memory_.begin(), a.memory_.end(), b.memory_.begin(), b.memory_.end(), same);
  }

 private:
  struct Edge {
    Nanos fired_ns = 0;
    std::uint16_t slots = 0;  // in memory_: the condition's, then the loosened one's
    std::uint16_t rule = 0;
    bool armed = true;
    bool fired_once = false;

    friend bool operator==(const Edge&, const Edge&) = default;
  };

  [[nodiscard]] bool step(const Rule& rule, Edge& edge, double* memory, std::span<const double> fields,
                          Nanos bar_end_ns) noexcept;

  std::vector<Edge> edges_;  // of the rules that apply
  std::vector<double> memory_;
};

}  // namespace tapeline
