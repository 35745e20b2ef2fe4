// Bars that are there as such: of files or of fact_bar.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/backtest/bar_source.hpp"
#include "core/backtest/evaluate.hpp"

namespace tapeline::app {

class HistorySource final : public BarSource {
 public:
  HistorySource(std::vector<backtest::History> histories, std::uint32_t interval_s, std::vector<std::string> remarks);

  [[nodiscard]] backtest::Tape judge(const Config& config, Rules rules, std::int64_t until) const override;
  [[nodiscard]] std::vector<std::string> remarks() const override { return remarks_; }

 private:
  std::vector<backtest::History> histories_;
  std::shared_ptr<const backtest::Market> market_;
  std::vector<std::string> remarks_;
};

}  // namespace tapeline::app
