// Bars that a source delivers itself, of one instrument and interval: each start once, and as the source last told it.
//
// Input     closed source bars, mostly ascending; a poll repeats those of the poll before.
// Output    whether a bar is new, known, corrected, or older than what can be mended.
// Ordering  After recompute() everything is as if the corrected bars had come so at first.
// Cost      O(1) a bar, two evaluations; a correction evaluates the newest recomputed_max bars once more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "core/bars/open_bar.hpp"
#include "core/base/time.hpp"
#include "core/model/event.hpp"
#include "core/stages/bar_evaluator.hpp"

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
  /// A corrected bar and those after it are evaluated again when it is one of the newest so many.
  static constexpr std::size_t recomputed_max = 256;

  explicit SourceSeries(BarEvaluator made) : evaluator_(made), before_recent_(std::move(made)) {}

  [[nodiscard]] std::uint32_t interval_s() const noexcept { return evaluator_.interval_s(); }

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
    return bar.start_ns < recent_.front().start_ns ? SourceBarOutcome::corrected_too_late : SourceBarOutcome::corrected;
  }

  /// Evaluates a fresh bar with `evaluate(evaluator, bar)`. Precondition: nothing waits to be recomputed.
  template <class Evaluate>
  void append(const OpenBar& bar, const Evaluate& evaluate) {
    if (recent_.size() == recomputed_max) {
      evaluate(before_recent_, recent_.front());
      recent_.pop_front();
    }
    recent_.push_back(bar);
    evaluate(evaluator_, bar);
  }

  /// Puts a corrected bar in its place, to be recomputed; returns the one that stood there.
  OpenBar replace(const OpenBar& bar) {
    const auto at = std::lower_bound(recent_.begin(), recent_.end(), bar.start_ns,
                                     [](const OpenBar& held, Nanos start_ns) { return held.start_ns < start_ns; });
    corrected_from_ns_ = std::min(corrected_from_ns_.value_or(bar.start_ns), bar.start_ns);
    return std::exchange(*at, bar);
  }

  [[nodiscard]] bool is_corrected() const noexcept { return corrected_from_ns_.has_value(); }

  /// Evaluates again from the state before the recent bars; `emit()` follows each from the first corrected one on.
  template <class Evaluate, class Emit>
  void recompute(const Evaluate& evaluate, const Emit& emit) {
    if (!is_corrected()) return;
    evaluator_ = before_recent_;
    for (const OpenBar& bar : recent_) {
      evaluate(evaluator_, bar);
      if (bar.start_ns >= *corrected_from_ns_) emit();
    }
    corrected_from_ns_.reset();
  }

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

  BarEvaluator evaluator_;      // after the newest bar
  BarEvaluator before_recent_;  // before the oldest of recent_
  std::deque<OpenBar> recent_;  // ascending by start
  std::vector<Known> known_;    // ascending by start
  std::optional<Nanos> corrected_from_ns_;
};

}  // namespace tapeline
