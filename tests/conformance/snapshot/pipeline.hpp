// Parser and kernels on one thread, without sinks: what they say of a journal, as bytes that can be compared.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"
#include "core/stages/pipeline_state.hpp"

namespace tapeline::conformance {

struct Settings {
  BarsConfig bars{.intervals_s = {1, 5}, .empty = EmptyBars::fill, .quiet_grace_ms = 2'000};
  IndicatorsConfig indicators;
  SignalsConfig signals{.rsi_buy_below = 45, .rsi_sell_above = 55};
  QualityConfig quality;
  std::vector<RuleConfig> rules;

  /// Short windows, an indicator of every kind, rules that remember: everything moves within a few hundred frames.
  Settings();
};

/// A row, or an alert that was told: of which frame, and every value in it.
struct Said {
  JournalPosition end_position = 0;
  std::string bytes;

  friend bool operator==(const Said&, const Said&) = default;
};

class Pipeline {
 public:
  Pipeline(const Settings& settings, const JournalConfig& journal, JournalPosition start_position = 0);

  /// Up to `limit`; what was said on the way is added to said().
  void advance(JournalPosition limit);
  [[nodiscard]] const std::vector<Said>& said() const noexcept { return said_; }
  /// The latest values, as far as they were sent, by instrument.
  [[nodiscard]] const std::map<InstrumentIndex, std::string>& latest() const noexcept { return latest_; }
  [[nodiscard]] Parser& parser() noexcept { return parser_; }
  [[nodiscard]] Kernels& kernels() noexcept { return kernels_; }

 private:
  std::size_t take();

  SpscRing<JournalMark> marks_{2};
  SpscRing<MarketEvent> events_{64};
  SpscRing<Row> rows_{64};
  SpscRing<Update> updates_{64};
  Operations operations_;
  Parser parser_;
  Kernels kernels_;
  std::vector<Said> said_;
  std::map<InstrumentIndex, std::string> latest_;
};

/// Of `said`, what came of frames behind `position`; announcements left out: they are made anew.
[[nodiscard]] std::vector<Said> behind(const std::vector<Said>& said, JournalPosition position);

}  // namespace tapeline::conformance
