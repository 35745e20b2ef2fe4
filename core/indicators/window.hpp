// The last N values of a series, in a ring that is allocated once.
//
// Output    0 stands where nothing has been yet, so that sums need not ask whether the window is full.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/check.hpp"
#include "core/base/inline_array.hpp"
#include "core/indicators/kernel.hpp"

namespace tapeline {

template <class T>
class Window {
 public:
  explicit Window(std::size_t length) : values_(length) { TL_CHECK(length >= 1 && length <= indicator_length_max); }

  void push(T value) noexcept {
    values_[next_] = value;
    next_ = after(next_);
    filled_ += static_cast<std::uint32_t>(filled_ < length());
  }

  /// What the next push() overwrites; 0 while the window fills.
  [[nodiscard]] T oldest() const noexcept { return values_[next_]; }
  /// What the last push() wrote; 0 before the first.
  [[nodiscard]] T newest() const noexcept { return values_[(next_ == 0 ? length() : next_) - 1]; }

  [[nodiscard]] std::size_t length() const noexcept { return values_.size(); }
  [[nodiscard]] bool full() const noexcept { return filled_ == length(); }
  /// Whether it is full after one more push().
  [[nodiscard]] bool full_after() const noexcept { return filled_ + 1 >= length(); }

  /// All N places, oldest first.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0, at = next_; i < length(); ++i, at = after(at)) visit(values_[at]);
  }
  /// Those that were pushed, oldest first.
  template <class Visit>
  void for_each_pushed(Visit visit) const {
    std::size_t at = full() ? next_ : 0;
    for (std::size_t i = 0; i < filled_; ++i, at = after(at)) visit(values_[at]);
  }
  template <class Change>
  void transform(Change change) {
    for (T& value : values_) value = change(value);
  }

  void reset() noexcept {
    std::fill(values_.begin(), values_.end(), T{0});
    next_ = filled_ = 0;
  }

  void archive(auto& archive) {
    archive(std::span(values_), next_, filled_);
    archive.require(next_ < length() && filled_ <= length());
  }

  /// The same values in the same order, wherever in its ring each of the two has begun.
  friend bool operator==(const Window& a, const Window& b) noexcept {
    if (a.length() != b.length() || a.filled_ != b.filled_) return false;
    for (std::size_t i = 0, at_a = a.next_, at_b = b.next_; i < a.length(); ++i) {
      if (a.values_[at_a] != b.values_[at_b]) return false;
      at_a = a.after(at_a);
      at_b = b.after(at_b);
    }
    return true;
  }

 private:
  [[nodiscard]] std::uint32_t after(std::size_t index) const noexcept {
    return index + 1 == length() ? 0 : static_cast<std::uint32_t>(index + 1);
  }

  /// The usual lengths, 14 and 20, lie beside the sums.
  static constexpr std::size_t inline_length = 20;

  [[no_unique_address]] InlineArray<T, inline_length> values_;
  std::uint32_t next_ = 0;  // where the oldest value is, and the next will be
  std::uint32_t filled_ = 0;
};

}  // namespace tapeline
