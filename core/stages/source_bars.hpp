// Bars that a source delivers itself, of one instrument and interval: each start once, and as the source last told it.
//
// Input     closed source bars, mostly ascending; a poll repeats those of the poll before.
// Output    whether a bar is new, known, corrected, or older than what can be mended.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/model/event.hpp"
#include "core/stages/evaluated_bars.hpp"

namespace tapeline {

enum class SourceBarOutcome : std::uint8_t {
  fresh,
  known,
  corrected,
  corrected_too_late,  // too many bars have followed: what came of it stays
  late,
};

class SourceSeries {
 public:
  explicit SourceSeries(BarEvaluator made) : bars_(std::move(made), History::kept) {}

  [[nodiscard]] std::uint32_t interval_s() const noexcept { return bars_.evaluator().interval_s(); }
  /// Where those that have been taken stand, and what was made of them.
  [[nodiscard]] EvaluatedBars& bars() noexcept { return bars_; }

  /// What the bar of `event` is to the series. A fresh one is then to be appended, a corrected one to be put in place.
  [[nodiscard]] SourceBarOutcome add(const MarketEvent& event) {
    const Known bar{event.event_ns, fingerprint(event)};
    if (known_.empty() || bar.start_ns > known_.back().start_ns) {
      // Half is forgotten at once: the cost of a bar stays constant.
      if (known_.size() == remembered_max) known_.erase(known_.begin(), known_.begin() + remembered_max / 2);
      known_.push_back(bar);
      return SourceBarOutcome::fresh;
    }
    const auto at = std::lower_bound(known_.begin(), known_.end(), bar.start_ns,
                                     [](const Known& known, Nanos start_ns) { return known.start_ns < start_ns; });
    if (at->start_ns != bar.start_ns) return SourceBarOutcome::late;
    if (at->fingerprint == bar.fingerprint) return SourceBarOutcome::known;
    at->fingerprint = bar.fingerprint;
    return bars_.reaches(bar.start_ns) ? SourceBarOutcome::corrected : SourceBarOutcome::corrected_too_late;
  }

  /// What the source has told; what follows from it is the evaluators'.
  void archive_bars(auto& archive) {
    bars_.archive_bars(archive);
    archive(known_);
  }

 private:
  struct Known {
    Nanos start_ns = 0;
    std::uint64_t fingerprint = 0;

    void archive(auto& archive) { archive(start_ns, fingerprint); }
  };
  /// More than the longest answer of a source: 30 days of one-minute bars.
  static constexpr std::ptrdiff_t remembered_max = 65'536;

  [[nodiscard]] static std::uint64_t fingerprint(const MarketEvent& event) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const std::int64_t value :
         {event.bar.open_mantissa, event.bar.high_mantissa, event.bar.low_mantissa, event.price_mantissa,
          event.size_mantissa, std::int64_t{event.price_exponent} * 64 + event.size_exponent}) {
      hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x9e3779b97f4a7c15ULL;
      hash ^= hash >> 31;
    }
    return hash;
  }

  EvaluatedBars bars_;
  std::vector<Known> known_;  // ascending by start
};

}  // namespace tapeline
