// The newest closed bars of a series, oldest first, in one run of memory: a queue that can also be searched and put into.
//
// Cost      push() and pop_front() O(1) amortised. Allocates until it has had its usual number of bars once, then only for
//           an insert() beyond that.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "core/bars/tick_bars.hpp"

namespace tapeline {

class RecentBars {
 public:
  explicit RecentBars(std::size_t usual_max) noexcept : capacity_max_(usual_max + usual_max / 4) {}

  [[nodiscard]] bool empty() const noexcept { return first_ == bars_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return bars_.size() - first_; }
  [[nodiscard]] std::span<ClosedBar> all() noexcept { return std::span(bars_).subspan(first_); }
  /// Precondition of both: not empty().
  [[nodiscard]] const ClosedBar& front() const noexcept { return bars_[first_]; }
  [[nodiscard]] const ClosedBar& back() const noexcept { return bars_.back(); }

  void push(const ClosedBar& bar) {
    if (bars_.size() == bars_.capacity()) make_room();
    bars_.push_back(bar);
  }
  /// Precondition: not empty().
  void pop_front() noexcept { ++first_; }
  /// Before the one at `index`, or behind all.
  void insert(std::size_t index, const ClosedBar& bar) {
    bars_.insert(bars_.begin() + static_cast<std::ptrdiff_t>(first_ + index), bar);
  }

  void archive(auto& archive) {
    forget_popped();
    archive(bars_);
  }

 private:
  static constexpr std::size_t capacity_min = 32;

  void forget_popped() noexcept {
    bars_.erase(bars_.begin(), bars_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  /// Of those that were popped where they are many enough to be worth the move, else of new memory.
  void make_room() {
    if (first_ != 0 && bars_.capacity() >= capacity_max_) return forget_popped();
    bars_.reserve(std::max(capacity_min, std::min(2 * bars_.capacity(), std::max(capacity_max_, bars_.size() + 1))));
  }

  std::vector<ClosedBar> bars_;
  std::size_t first_ = 0;  // those before it have been popped
  std::size_t capacity_max_;
};

}  // namespace tapeline
