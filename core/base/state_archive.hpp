// State to bytes and back. One function of a type says what its state is, and serves both ways, so that saving and
// loading cannot differ:
//
//   void archive(auto& archive) { archive(window_, sum_); }
//
// A writer reads what it is given, a reader replaces it: in a new object of the same configuration, which is not part of
// the state. Numbers are little-endian, as every machine that we run on; vectors and strings carry their length, spans
// and arrays have that of the object.
//
// Failure   A reader never reads beyond its bytes: what is missing or cannot be is 0, and ok() is false from then on.
// Cost      One copy, whole vectors of numbers at once.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/decimal.hpp"

namespace tapeline {

static_assert(std::endian::native == std::endian::little);

template <class T>
inline constexpr bool is_plain_state =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, Int128> || std::is_same_v<T, UInt128>;

/// What both ways share: how a type is taken apart.
template <class Derived>
class StateArchive {
 public:
  template <class... Values>
  void operator()(Values&&... values) {
    (visit(values), ...);
  }

 private:
  [[nodiscard]] Derived& self() noexcept { return static_cast<Derived&>(*this); }

  template <class T>
  void visit(T& value) {
    if constexpr (is_plain_state<T>) {
      self().plain(value);
    } else {
      value.archive(self());
    }
  }
  template <class T, std::size_t extent>
  void visit(std::span<T, extent>& values) {
    if constexpr (is_plain_state<T> && !std::is_same_v<T, bool>) {
      self().bytes(values.data(), values.size_bytes());
    } else {
      for (T& value : values) visit(value);
    }
  }
  template <class T, std::size_t count>
  void visit(std::array<T, count>& values) {
    std::span<T> all(values);
    visit(all);
  }
  template <class T>
  void visit(std::vector<T>& values) {
    self().resize(values);
    std::span<T> all(values);
    visit(all);
  }
  void visit(std::string& text) {
    self().resize(text);
    std::span<char> all(text);
    visit(all);
  }
  template <class T>
  void visit(std::deque<T>& values) {
    self().resize(values);
    for (T& value : values) visit(value);
  }
  template <class T>
  void visit(std::optional<T>& value) {
    bool has_value = value.has_value();
    visit(has_value);
    if (!has_value) value.reset();
    if (has_value && !value) value.emplace();
    if (has_value) visit(*value);
  }
};

class StateWriter : public StateArchive<StateWriter> {
 public:
  /// Given the bytes piece by piece, in order.
  using Take = std::function<void(std::span<const std::byte>)>;

  explicit StateWriter(Take take) : take_(std::move(take)) { buffer_.reserve(buffer_bytes); }

  /// Hands out what it still holds.
  void flush() {
    if (!buffer_.empty()) take_(buffer_);
    buffer_.clear();
  }

  template <class T>
  void plain(const T& value) {
    bytes(&value, sizeof value);
  }
  void bytes(const void* data, std::size_t size) {
    if (buffer_.size() + size > buffer_bytes) flush();
    const auto* begin = static_cast<const std::byte*>(data);
    if (size > buffer_bytes) {
      take_({begin, size});
    } else {
      buffer_.insert(buffer_.end(), begin, begin + size);
    }
  }
  template <class Container>
  void resize(const Container& values) {
    plain(static_cast<std::uint32_t>(values.size()));
  }
  /// What holds of every state that was computed: a reader refuses another.
  void require(bool /*holds*/) noexcept {}

 private:
  static constexpr std::size_t buffer_bytes = std::size_t{256} * 1024;

  Take take_;
  std::vector<std::byte> buffer_;
};

class StateReader : public StateArchive<StateReader> {
 public:
  explicit StateReader(std::span<const std::byte> from) noexcept : from_(from) {}

  /// Nothing was missing, nothing impossible.
  [[nodiscard]] bool ok() const noexcept { return is_ok_; }
  /// ok(), and everything was read.
  [[nodiscard]] bool finished() const noexcept { return is_ok_ && from_.empty(); }

  template <class T>
  void plain(T& value) noexcept {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      bytes(&byte, sizeof byte);
      require(byte <= 1);
      value = byte == 1;
    } else {
      bytes(&value, sizeof value);
    }
  }
  void bytes(void* data, std::size_t size) noexcept {
    require(size <= from_.size());
    if (!is_ok_) {
      std::memset(data, 0, size);
      return;
    }
    if (size == 0) return;
    std::memcpy(data, from_.data(), size);
    from_ = from_.subspan(size);
  }
  template <class Container>
  void resize(Container& values) {
    std::uint32_t count = 0;
    plain(count);
    // Everything takes a byte at least: a length beyond that would only cost memory.
    require(count <= from_.size());
    values.resize(is_ok_ ? count : 0);
  }
  void require(bool holds) noexcept { is_ok_ = is_ok_ && holds; }

 private:
  std::span<const std::byte> from_;
  bool is_ok_ = true;
};

}  // namespace tapeline
