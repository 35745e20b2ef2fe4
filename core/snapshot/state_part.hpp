// A part of a state: what it is called, and a hash of all that decides what is in it.
//
// Output    Where name and key are those of a saved part, what was saved is what would be computed: a pure function of the
//           same journal and the same options.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace tapeline {

struct StatePart {
  std::string name;
  std::uint64_t key = 0;
};

/// FNV-1a over words.
class StateKey {
 public:
  StateKey() = default;
  /// Begins with what decides another part, on which this one rests.
  explicit StateKey(std::uint64_t rests_on) { add(rests_on); }

  StateKey& add(std::uint64_t value) noexcept {
    hash_ = (hash_ ^ value) * 0x100000001b3ULL;
    hash_ ^= hash_ >> 29;
    return *this;
  }
  StateKey& add(double value) noexcept { return add(std::bit_cast<std::uint64_t>(value)); }
  StateKey& add(std::string_view text) noexcept {
    for (const char c : text) add(std::uint64_t{static_cast<unsigned char>(c)});
    return add(std::uint64_t{text.size()});
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace tapeline
