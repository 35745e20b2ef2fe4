// A value or the reason why there is none: the return type of everything that may meet bad input.
//
// Members carry the names of std::expected, which GCC 12 has only with -std=c++23; swap when the compiler allows.
#pragma once

#include <utility>
#include <variant>

#include "core/base/check.hpp"

namespace tapeline {

template <class E>
struct Unexpected {
  E error;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Unexpected<E> unexpected) noexcept : state_(std::in_place_index<1>, std::move(unexpected.error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// Precondition: has_value().
  [[nodiscard]] const T& value() const noexcept {
    TL_DCHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T& value() noexcept {
    TL_DCHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& operator*() const noexcept { return value(); }
  [[nodiscard]] T& operator*() noexcept { return value(); }
  [[nodiscard]] const T* operator->() const noexcept { return &value(); }
  [[nodiscard]] T* operator->() noexcept { return &value(); }

  /// Precondition: !has_value().
  [[nodiscard]] const E& error() const noexcept {
    TL_DCHECK(!has_value());
    return std::get<1>(state_);  // not get_if: GCC 12 sees a null pointer in what follows has_value()
  }

 private:
  std::variant<T, E> state_;
};

}  // namespace tapeline
