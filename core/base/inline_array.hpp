// An array of a length that is known when it is made: short ones lie inside the object, long ones on the heap.
//
// Beside the state that belongs to it a short window costs no second cache miss, and no allocation.
// Failure   the constructor and copies may throw std::bad_alloc where the array is long.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace tapeline {

template <class T, std::size_t InlineCount>
class InlineArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// All elements are T{}. Precondition: size < 2^32.
  explicit InlineArray(std::size_t size)
      : long_(size > InlineCount ? std::make_unique<T[]>(size) : nullptr), size_(static_cast<std::uint32_t>(size)) {}
  InlineArray(const InlineArray& other) : InlineArray(other.size_) { std::copy(other.begin(), other.end(), begin()); }
  InlineArray(InlineArray&& other) noexcept = default;  // what was moved from is only good for assigning to
  InlineArray& operator=(const InlineArray& other) {
    if (this != &other) *this = InlineArray(other);
    return *this;
  }
  InlineArray& operator=(InlineArray&& other) noexcept = default;
  ~InlineArray() = default;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T* data() noexcept { return long_ ? long_.get() : short_.data(); }
  [[nodiscard]] const T* data() const noexcept { return long_ ? long_.get() : short_.data(); }
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return data()[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return data()[index]; }
  [[nodiscard]] T* begin() noexcept { return data(); }
  [[nodiscard]] T* end() noexcept { return data() + size_; }
  [[nodiscard]] const T* begin() const noexcept { return data(); }
  [[nodiscard]] const T* end() const noexcept { return data() + size_; }

 private:
  std::unique_ptr<T[]> long_;
  std::array<T, InlineCount> short_{};
  std::uint32_t size_;  // the last, so that others may lie in the room behind it
};

}  // namespace tapeline
