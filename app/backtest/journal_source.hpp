// A lane's journal once more through its own stages: what the lane has said, at the bars at which it said it.
//
// Input     A journal; its owner may be running. What is appended later is not seen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/backtest/bar_source.hpp"
#include "core/journal/journal_survey.hpp"

namespace tapeline::app {

class JournalSource final : public BarSource {
 public:
  /// Throws std::invalid_argument where nothing fits the choice, or several sources have a symbol.
  JournalSource(const Config& config, const JournalExtent& journal, BarChoice choice);

  [[nodiscard]] backtest::Tape judge(const Config& config, Rules rules, std::int64_t until) const override;
  [[nodiscard]] std::vector<std::string> remarks() const override { return remarks_; }

 private:
  JournalExtent journal_;
  BarChoice choice_;
  std::vector<std::string> remarks_;
};

}  // namespace tapeline::app
