// A pipeline of Redis commands as the bytes that go over the wire (RESP 2 arrays of bulk strings).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace tapeline::sinks::redis {

class Commands {
 public:
  void add(std::span<const std::string_view> words) {
    put('*', words.size());
    for (const std::string_view word : words) {
      put('$', word.size());
      bytes_.append(word).append("\r\n");
    }
    ++count_;
  }
  void add(std::initializer_list<std::string_view> words) { add(std::span(words.begin(), words.size())); }

  void clear() noexcept {
    bytes_.clear();
    count_ = 0;
  }

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  /// How many replies the server owes.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  void put(char type, std::size_t length) { bytes_.append(1, type).append(std::to_string(length)).append("\r\n"); }

  std::string bytes_;
  std::size_t count_ = 0;
};

}  // namespace tapeline::sinks::redis
