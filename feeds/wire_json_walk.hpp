// One object of JSON field by field, over the structure that simdjson's first stage has found: for the messages that come
// by the thousand. What it reads and refuses is what for_each_field() of wire_json.hpp does, at half the cost: no value
// is an object with a state. For .cpp files only.
//
// Input     A frame's payload, read in place: it is followed by frame_padding_bytes readable bytes.
// Ordering  Fields come in any order: an object is walked once, from its first field to its last, and the walk is what
//           shows that it is whole.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/digits.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::json {

/// Where a walk is: at what is structure, or begins a value. Null after a mistake.
using Place = const std::uint32_t*;

class Walk {
 public:
  /// Where the text begins; null where simdjson says that it is no JSON: bad UTF-8, an open string, control characters
  /// inside one.
  [[nodiscard]] Place open(std::string_view payload) noexcept {
    const bool has_room = parser_.implementation != nullptr && parser_.capacity() >= payload.size();
    if (!has_room && parser_.allocate(std::max(payload.size(), capacity_min))) return nullptr;
    auto& found = *parser_.implementation;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(payload.data());
    if (found.stage1(bytes, payload.size(), simdjson::stage1_mode::regular)) return nullptr;
    text_ = payload.data();
    end_ = found.structural_indexes.get() + found.n_structural_indexes;
    return found.structural_indexes.get();
  }

  /// What follows the object that begins at `place`, or null. visit(const char* key, std::string_view token, Place value)
  /// -> Place for each field: `key` is what follows the key's opening quote, `token` the value as it was written: of a
  /// string with its quotes, of a container its opening bracket. Where it is given a container, visit() may walk it, and
  /// returns what follows; else it returns `value`, or null.
  template <class Visit>
  [[nodiscard]] Place object(Place place, Visit visit) const noexcept {
    // What is walked is kept in registers: `place` is no member.
    const char* const text = text_;
    const Place end = end_;
    if (place == nullptr || end - place < 2 || text[*place++] != '{') return nullptr;
    if (text[*place] == '}') return place + 1;
    while (end - place >= 4 && text[place[0]] == '"' && text[place[1]] == ':') {
      const char* const key = text + place[0] + 1;
      const Place value = place + 2;
      const Begins what = begins[static_cast<unsigned char>(text[*value])];
      if (what == Begins::scalar) [[likely]] {
        if (visit(key, trimmed(text + *value, text + value[1]), value) == nullptr) return nullptr;
        place = value + 1;
      } else {
        if (what == Begins::nothing) return nullptr;
        place = visit(key, std::string_view(text + *value, 1), value);
        if (place == value) place = behind_container(value);
        if (place == nullptr || place == end) return nullptr;
      }
      const char last = text[*place++];
      if (last == '}') return place;
      if (last != ',') return nullptr;
    }
    return nullptr;
  }

  /// Whether nothing follows.
  [[nodiscard]] bool at_end(Place place) const noexcept { return place == end_; }

 private:
  static constexpr std::size_t capacity_min = 4'096;

  /// What a structural character, or the first of a value, begins.
  enum class Begins : std::uint8_t { scalar, container, nothing };
  static constexpr auto begins = [] {
    std::array<Begins, 256> table{};
    table['{'] = table['['] = Begins::container;
    table['}'] = table[']'] = table[','] = table[':'] = Begins::nothing;
    return table;
  }();

  [[nodiscard]] static std::string_view trimmed(const char* begin, const char* end) noexcept {
    if (end[-1] <= ' ') [[unlikely]] {
      while (is_white_space(end[-1])) --end;  // it begins with what is none
    }
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  /// By its brackets alone.
  [[nodiscard]] Place behind_container(Place place) const noexcept {
    std::size_t depth = 0;
    while (place != end_) {
      const char c = text_[*place++];
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return place;
    }
    return nullptr;
  }

  simdjson::dom::parser parser_;
  const char* text_ = nullptr;
  Place end_ = nullptr;  // behind the last; there stands where the text ends
};

/// Whether the key whose opening quote stands before `key` is this one.
template <std::size_t Size>
[[nodiscard]] bool is_key(const char* key, const char (&name)[Size]) noexcept {
  return std::memcmp(key, name, Size - 1) == 0 && key[Size - 1] == '"';
}

/// A string token that needs nothing but its quotes taken away. Reads whole words: what follows a token is readable.
[[nodiscard]] inline bool is_plain_string(std::string_view token) noexcept {
  if (token.front() != '"') return false;
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  for (std::size_t at = 1; at < token.size(); at += 8) {
    // A backslash behind the token would be one of another value: then the string is read the long way.
    const std::uint64_t escapes = load_word(token.data() + at) ^ ('\\' * ones);
    if (((escapes - ones) & ~escapes & (0x80 * ones)) != 0) return false;
  }
  return true;
}

/// The contents of any string token; false where an escape is none.
[[nodiscard]] inline bool unescape(ondemand::parser& parser, std::string_view token, std::string& out) noexcept {
  out.assign(token).append(simdjson::SIMDJSON_PADDING, ' ');
  ondemand::document document;
  std::string_view contents;
  if (json::open(parser, {out.data(), token.size()}, document) || document.get_string().get(contents)) return false;
  out.assign(contents);
  return true;
}

}  // namespace tapeline::feeds::json
