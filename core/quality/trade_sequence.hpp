// What the trade ids of one instrument say: a redelivery, a hole, a straggler that fills one.
//
// Input     ids that a source counts up by one, never 0; the source's stamp of each.
// Output    Remembers which of the last `trade_ids_remembered` ids have come, so that an id that comes again is told from
//           one that comes late, and of those before them the newest `holes_max` holes, so that what is filled long
//           afterwards is known for that. Any other id behind is `old`, and must be taken for a redelivery, unless its
//           stamp is later than all before: then the source has begun to count anew.
// Cost      O(1) in order, O(missing ids) at a gap; 808 bytes, no allocation.
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
  old,           // behind what is remembered, and in no known hole: it came before
  restarted,     // behind by more than is remembered, but later in time: a new count begins
};

/// Of a redelivery: it must change nothing.
[[nodiscard]] constexpr bool is_repeated(TradeOrder order) noexcept {
  return order == TradeOrder::duplicate || order == TradeOrder::old;
}

class TradeSequence {
 public:
  static constexpr std::size_t holes_max = 16;

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
    if (skipped != 0) forget_between(id);
    if (id - first_ >= trade_ids_remembered && !has_come(id))
      push_hole({id - trade_ids_remembered, id - trade_ids_remembered});
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
  /// Whether any id of first to last was skipped and can still be told when it comes. Precondition: last <= newest().
  [[nodiscard]] bool lacks(std::uint64_t first, std::uint64_t last) const noexcept {
    const bool is_in_hole = std::any_of(holes_.begin(), holes_.begin() + hole_count_,
                                        [&](const Hole& hole) { return hole.first <= last && hole.last >= first; });
    if (is_in_hole) return true;
    const std::uint64_t oldest = newest_ < trade_ids_remembered ? 0 : newest_ - trade_ids_remembered + 1;
    for (std::uint64_t id = std::max({first, first_, oldest}); id <= last; ++id) {
      if (!has_come(id)) return true;
    }
    return false;
  }

  void archive(auto& archive) {
    archive(newest_, first_, newest_event_ns_, missing_, came_, holes_, hole_count_);
    archive.require(hole_count_ <= holes_max);
  }

  friend bool operator==(const TradeSequence&, const TradeSequence&) = default;

 private:
  static constexpr std::uint64_t bits_per_word = 64;

  /// Ids that are missing, both ends included.
  struct Hole {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    void archive(auto& archive) { archive(first, last); }

    friend bool operator==(const Hole&, const Hole&) = default;
  };

  void begin(std::uint64_t id, Nanos event_ns) noexcept {
    came_.fill(0);
    holes_.fill({});
    hole_count_ = 0;
    mark(id);
    first_ = newest_ = id;
    newest_event_ns_ = event_ns;
    missing_ = 0;
  }

  Seen add_late(std::uint64_t id, Nanos event_ns) noexcept {
    const std::uint64_t behind = newest_ - id;
    if (behind >= trade_ids_remembered) {
      if (event_ns <= newest_event_ns_) return add_old(id, behind);
      begin(id, event_ns);
      return {TradeOrder::restarted, behind};
    }
    if (has_come(id)) return {TradeOrder::duplicate, behind};
    mark(id);
    if (id < first_) return {TradeOrder::out_of_order, behind};
    --missing_;
    return {TradeOrder::filled, behind};
  }

  Seen add_old(std::uint64_t id, std::uint64_t behind) noexcept {
    for (std::size_t i = hole_count_; i-- > 0 && holes_[i].last >= id;) {
      if (holes_[i].first > id) continue;
      leave_hole(i, id);
      --missing_;
      return {TradeOrder::filled, behind};
    }
    return {TradeOrder::old, behind};
  }

  /// Before a jump to `id`: the places of the ids between hold what is now behind the memory. What of it is missing
  /// becomes holes.
  void forget_between(std::uint64_t id) noexcept {
    const std::uint64_t forgotten = id < trade_ids_remembered ? 0 : id - trade_ids_remembered;  // the newest of them
    const std::uint64_t remembered = newest_ < trade_ids_remembered ? 0 : newest_ - trade_ids_remembered + 1;
    for (std::uint64_t old = std::max(first_, remembered); old <= std::min(newest_, forgotten); ++old) {
      if (!has_come(old)) push_hole({old, old});
    }
    if (forgotten > newest_) push_hole({newest_ + 1, forgotten});
    if (id - newest_ > trade_ids_remembered) {
      came_.fill(0);
    } else {
      for (std::uint64_t missing = newest_ + 1; missing != id; ++missing) word_of(missing) &= ~bit_of(missing);
    }
    mark(id);
  }

  void push_hole(Hole hole) noexcept {
    if (hole_count_ != 0 && holes_[hole_count_ - 1].last + 1 == hole.first) {
      holes_[hole_count_ - 1].last = hole.last;
      return;
    }
    if (hole_count_ == holes_max) remove_hole(0);
    holes_[hole_count_++] = hole;
  }

  void leave_hole(std::size_t at, std::uint64_t id) noexcept {
    Hole& hole = holes_[at];
    if (hole.first == hole.last) return remove_hole(at);
    if (hole.first == id) {
      ++hole.first;
    } else if (hole.last == id) {
      --hole.last;
    } else {
      const Hole above{id + 1, hole.last};
      hole.last = id - 1;
      insert_hole(at + 1, above);
    }
  }

  void insert_hole(std::size_t at, Hole hole) noexcept {
    if (hole_count_ == holes_max) {
      remove_hole(0);
      --at;
    }
    std::copy_backward(holes_.begin() + at, holes_.begin() + hole_count_, holes_.begin() + hole_count_ + 1);
    holes_[at] = hole;
    ++hole_count_;
  }

  void remove_hole(std::size_t at) noexcept {
    std::copy(holes_.begin() + at + 1, holes_.begin() + hole_count_, holes_.begin() + at);
    holes_[--hole_count_] = {};
  }

  [[nodiscard]] static std::uint64_t bit_of(std::uint64_t id) noexcept {
    return std::uint64_t{1} << id % bits_per_word;
  }
  [[nodiscard]] std::uint64_t& word_of(std::uint64_t id) noexcept {
    return came_[id % trade_ids_remembered / bits_per_word];
  }
  void mark(std::uint64_t id) noexcept { word_of(id) |= bit_of(id); }
  [[nodiscard]] bool has_come(std::uint64_t id) const noexcept {
    return (came_[id % trade_ids_remembered / bits_per_word] & bit_of(id)) != 0;
  }

  std::uint64_t newest_ = 0;
  std::uint64_t first_ = 0;
  Nanos newest_event_ns_ = 0;
  std::uint64_t missing_ = 0;
  std::array<std::uint64_t, trade_ids_remembered / bits_per_word> came_{};  // by id modulo its length
  std::array<Hole, holes_max> holes_{};                                     // ascending, all before what came_ tells of
  std::uint64_t hole_count_ = 0;
};
static_assert(sizeof(TradeSequence) == 808);

}  // namespace tapeline
