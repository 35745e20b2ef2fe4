// What the trade ids of one instrument say: a redelivery, a hole, a straggler that fills one.
//
// Input     ids that a source counts up by one, never 0; the source's stamp of each.
// Output    Remembers which of the last `trade_ids_remembered` ids have come, so that an id that comes again is told from
//           one that comes late. Behind them nothing is known of an id: it is `old`, and must be taken for a redelivery,
//           unless its stamp is later than all before: then the source has begun to count anew.
// Cost      O(1) in order, O(missing ids) at a gap; 544 bytes, no allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/check.hpp"
#include "core/base/time.hpp"

namespace tapeline {

inline constexpr std::uint64_t trade_ids_remembered = 4096;

enum class TradeOrder : std::uint8_t {
  in_order,      // the next one, or the first at all
  gap,           // ids between it and the newest are missing
  filled,        // came late, and was missing
  out_of_order,  // from before the first id that was seen: was not missing
  duplicate,     // came before
  old,           // too far behind to know whether it came before
  restarted,     // behind by more than is remembered, but later in time: a new count begins
};

/// Of a redelivery: it must change nothing.
[[nodiscard]] constexpr bool is_repeated(TradeOrder order) noexcept {
  return order == TradeOrder::duplicate || order == TradeOrder::old;
}

class TradeSequence {
 public:
  struct Seen {
    TradeOrder order;
    std::uint64_t distance;  // gap: how many ids are missing; else how far behind the newest

    friend bool operator==(const Seen&, const Seen&) = default;
  };

  /// Precondition: id != 0.
  Seen add(std::uint64_t id, Nanos event_ns) noexcept {
    TL_DCHECK(id != 0);
    if (newest_ == 0) {
      begin(id, event_ns);
      return {TradeOrder::in_order, 0};
    }
    if (id <= newest_) return add_late(id, event_ns);
    const std::uint64_t skipped = id - newest_ - 1;
    if (skipped != 0) forget_between(newest_, id);
    mark(id);
    newest_ = id;
    newest_event_ns_ = std::max(newest_event_ns_, event_ns);
    missing_ += skipped;
    return {skipped == 0 ? TradeOrder::in_order : TradeOrder::gap, skipped};
  }

  /// The largest id so far; 0 before the first.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_; }
  /// Ids that were skipped and have not come since.
  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }

  friend bool operator==(const TradeSequence&, const TradeSequence&) = default;

 private:
  static constexpr std::uint64_t bits_per_word = 64;

  void begin(std::uint64_t id, Nanos event_ns) noexcept {
    came_.fill(0);
    mark(id);
    first_ = newest_ = id;
    newest_event_ns_ = event_ns;
    missing_ = 0;
  }

  Seen add_late(std::uint64_t id, Nanos event_ns) noexcept {
    const std::uint64_t behind = newest_ - id;
    if (behind >= trade_ids_remembered) {
      if (event_ns <= newest_event_ns_) return {TradeOrder::old, behind};
      begin(id, event_ns);
      return {TradeOrder::restarted, behind};
    }
    if (has_come(id)) return {TradeOrder::duplicate, behind};
    mark(id);
    if (id < first_) return {TradeOrder::out_of_order, behind};
    --missing_;
    return {TradeOrder::filled, behind};
  }

  /// The places of the ids between the two hold what is now too old to be remembered.
  void forget_between(std::uint64_t newest, std::uint64_t id) noexcept {
    if (id - newest > trade_ids_remembered) {
      came_.fill(0);
      return;
    }
    for (std::uint64_t missing = newest + 1; missing != id; ++missing) word_of(missing) &= ~bit_of(missing);
  }

  [[nodiscard]] static std::uint64_t bit_of(std::uint64_t id) noexcept {
    return std::uint64_t{1} << id % bits_per_word;
  }
  [[nodiscard]] std::uint64_t& word_of(std::uint64_t id) noexcept {
    return came_[id % trade_ids_remembered / bits_per_word];
  }
  void mark(std::uint64_t id) noexcept { word_of(id) |= bit_of(id); }
  [[nodiscard]] bool has_come(std::uint64_t id) noexcept { return (word_of(id) & bit_of(id)) != 0; }

  std::uint64_t newest_ = 0;
  std::uint64_t first_ = 0;
  Nanos newest_event_ns_ = 0;
  std::uint64_t missing_ = 0;
  std::array<std::uint64_t, trade_ids_remembered / bits_per_word> came_{};  // by id modulo its length
};
static_assert(sizeof(TradeSequence) == 544);

}  // namespace tapeline
