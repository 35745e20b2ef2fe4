// The newest closed bars of one series together with what was made of them, so that a bar that turns out to have been
// wrong can be put right, and all that followed from it.
//
// Ordering  After recompute() everything is as if the corrected bars had come so at first.
// Cost      O(1) a bar, two evaluations; a correction evaluates the newest recomputed_max bars once more. What keeps no
//           history costs one evaluation a bar, and corrects nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/bars/open_bar.hpp"
#include "core/bars/tick_bars.hpp"
#include "core/base/time.hpp"
#include "core/stages/bar_evaluator.hpp"
#include "core/stages/recent_bars.hpp"

namespace tapeline {

enum class History : std::uint8_t { kept, none };

class EvaluatedBars {
 public:
  /// A corrected bar and those after it are evaluated again when it is one of the newest so many.
  static constexpr std::size_t recomputed_max = 256;

  EvaluatedBars(BarEvaluator made, History history)
      : evaluator_(made), before_recent_(std::move(made)), keeps_history_(history == History::kept) {}

  /// From the first bar on, or never.
  void keep_history() noexcept { keeps_history_ = true; }
  [[nodiscard]] const BarEvaluator& evaluator() const noexcept { return evaluator_; }

  /// Evaluates a bar with `evaluate(evaluator, closed)`. Precondition: nothing waits to be recomputed.
  template <class Evaluate>
  void append(const ClosedBar& closed, const Evaluate& evaluate) {
    if (keeps_history_) {
      if (recent_.size() == recomputed_max) {
        evaluate(before_recent_, recent_.front());
        recent_.pop_front();
      }
      recent_.push(closed);
    }
    evaluate(evaluator_, closed);
  }

  /// Whether a bar of that start can be put right, or in.
  [[nodiscard]] bool reaches(Nanos start_ns) const noexcept {
    return !recent_.empty() && start_ns >= recent_.front().bar.start_ns;
  }
  /// Precondition: reaches(bar.start_ns), and a bar of that start is there. Returns the one that stood there. Whether it
  /// was backfilled stays as it was: that is of the first arrival.
  OpenBar replace(const OpenBar& bar) {
    mark(bar.start_ns);
    OpenBar& held = recent_.all()[index_of(bar.start_ns)].bar;
    const OpenBar before = std::exchange(held, bar);
    held.is_backfilled = before.is_backfilled;
    return before;
  }
  /// A tick that belongs into a closed bar; `alone` is the bar that it would be by itself. False: its scale does not fit.
  /// Precondition: reaches(alone.start_ns).
  [[nodiscard]] bool fold(const OpenBar& alone, const BarTick& tick) {
    const std::size_t index = index_of(alone.start_ns);
    if (index == recent_.size() || recent_.all()[index].bar.start_ns != alone.start_ns) {
      recent_.insert(index, {alone, false});
    } else if (ClosedBar& found = recent_.all()[index]; found.is_filled) {
      found = {alone, false};
    } else if (!fold_tick(found.bar, tick)) {
      return false;
    }
    mark(alone.start_ns);
    return true;
  }
  /// Nothing is missing any more: the bars lack nothing either.
  void clear_gaps() noexcept {
    for (ClosedBar& closed : recent_.all()) {
      if (std::exchange(closed.bar.has_gap, false)) mark(closed.bar.start_ns);
    }
  }

  [[nodiscard]] bool is_corrected() const noexcept { return corrected_from_ns_.has_value(); }
  [[nodiscard]] Nanos corrected_from_ns() const noexcept { return corrected_from_ns_.value_or(0); }
  /// Precondition: there is one.
  [[nodiscard]] const OpenBar& newest() const noexcept { return recent_.back().bar; }
  [[nodiscard]] Nanos oldest_start_ns() const noexcept { return recent_.front().bar.start_ns; }

  /// Evaluates again from the state before the recent bars; `emit()` follows each from the first corrected one on.
  template <class Evaluate, class Emit>
  void recompute(const Evaluate& evaluate, const Emit& emit) {
    if (!is_corrected()) return;
    evaluator_ = before_recent_;
    const OpenBar* previous = nullptr;
    for (ClosedBar& closed : recent_.all()) {
      if (closed.is_filled && previous != nullptr) fill_from(*previous, closed.bar);
      evaluate(evaluator_, closed);
      if (closed.bar.start_ns >= *corrected_from_ns_) emit();
      previous = &closed.bar;
    }
    // Insertions may have made it longer.
    while (recent_.size() > recomputed_max) {
      evaluate(before_recent_, recent_.front());
      recent_.pop_front();
    }
    corrected_from_ns_.reset();
  }

  /// What the bars were; what was made of them is the evaluators'. Precondition: nothing waits to be recomputed.
  void archive_bars(auto& archive) { archive(recent_, keeps_history_); }
  void archive_part(BarEvaluator::Part part, auto& archive) {
    before_recent_.archive_part(part, archive);
    evaluator_.archive_part(part, archive);
  }
  /// The state after the recent bars, computed from that before them: for parts that have just been put in place.
  template <class Evaluate>
  void evaluate_again(const Evaluate& evaluate) {
    if (!keeps_history_) return;
    evaluator_ = before_recent_;
    for (const ClosedBar& closed : recent_.all()) evaluate(evaluator_, closed);
  }

 private:
  void mark(Nanos start_ns) noexcept { corrected_from_ns_ = std::min(corrected_from_ns_.value_or(start_ns), start_ns); }
  /// Of the bar of that start, or of the first behind it.
  [[nodiscard]] std::size_t index_of(Nanos start_ns) noexcept {
    const auto all = recent_.all();
    const auto found = std::lower_bound(all.begin(), all.end(), start_ns,
                                        [](const ClosedBar& held, Nanos start) { return held.bar.start_ns < start; });
    return static_cast<std::size_t>(found - all.begin());
  }
  static void fill_from(const OpenBar& previous, OpenBar& filled) noexcept {
    filled.open = filled.high = filled.low = filled.close = previous.close;
    filled.price_exponent = previous.price_exponent;
  }

  BarEvaluator evaluator_;             // after the newest bar
  BarEvaluator before_recent_;         // before the oldest of recent_
  RecentBars recent_{recomputed_max};  // ascending by start
  std::optional<Nanos> corrected_from_ns_;
  bool keeps_history_;
};

}  // namespace tapeline
