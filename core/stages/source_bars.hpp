// Bars that a source delivers itself, of one instrument and interval: each start is taken once.
//
// Input     closed source bars, mostly ascending; a poll repeats those of the poll before.
// Output    whether a bar is new, known, corrected, or older than anything remembered.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/time.hpp"
#include "core/model/event.hpp"
#include "core/stages/bar_evaluator.hpp"

namespace tapeline {

enum class SourceBarOutcome : std::uint8_t { fresh, known, corrected, late };

class SourceSeries {
 public:
  explicit SourceSeries(BarEvaluator made) : evaluator(std::move(made)) {}

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
    return SourceBarOutcome::corrected;
  }

  BarEvaluator evaluator;

 private:
  struct Known {
    Nanos start_ns;
    std::uint64_t fingerprint;
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

  std::vector<Known> known_;  // ascending by start
};

}  // namespace tapeline
