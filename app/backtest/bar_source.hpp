// Where a backtest has its bars from, and what a configuration makes of them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "app/config/config.hpp"
#include "core/backtest/tape.hpp"

namespace tapeline::app {

/// Which bars are meant, where there are several kinds.
struct BarChoice {
  std::vector<std::string> symbols;  // empty: all
  std::string feed;                  // empty: whichever has the symbol
  std::uint32_t interval_s = 0;      // 0: the shortest that there is
  bool prefers_delivered = false;    // to those that were built from ticks
};

class BarSource {
 public:
  virtual ~BarSource() = default;

  static constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();
  /// Whether alerts are wanted of rules that the strategy does not follow.
  enum class Rules { all, followed };

  /// The bars known at `until` and what `config` wants at each. May be called by several threads at once.
  [[nodiscard]] virtual backtest::Tape judge(const Config& config, Rules rules,
                                             std::int64_t until = everything) const = 0;
  /// What a user should know about what was read: rows left out, series that began anew.
  [[nodiscard]] virtual std::vector<std::string> remarks() const { return {}; }
};

}  // namespace tapeline::app
