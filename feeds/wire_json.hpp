// simdjson on demand, as the wire parsers use it. For .cpp files only.
//
// Input     A frame's payload, read in place: it is followed by frame_padding_bytes readable bytes.
// Ordering  Fields come in any order: an object is walked once, from its first field to its last, and the walk is what
//           shows that it is whole. After any error the document is not touched again.
#pragma once

#include <string_view>

#include <simdjson.h>

#include "core/model/frame.hpp"
#include "feeds/wire_http.hpp"

namespace tapeline::feeds::json {

static_assert(simdjson::SIMDJSON_PADDING <= frame_padding_bytes);

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

[[nodiscard]] inline error_code open(ondemand::parser& parser, std::string_view payload, ondemand::document& document) {
  return parser.iterate(payload.data(), payload.size(), payload.size() + simdjson::SIMDJSON_PADDING).get(document);
}

[[nodiscard]] inline bool is_white_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The text of a value as it was written: of a string with its quotes, of a container its opening bracket. Empty where
/// the document ends before the value: the length that simdjson then computes is negative, which is to say enormous.
[[nodiscard]] inline std::string_view token(ondemand::value& value) noexcept {
  constexpr std::size_t length_max = std::size_t{1} << 31U;
  std::string_view raw = value.raw_json_token();
  if (raw.size() >= length_max) return {};
  while (!raw.empty() && is_white_space(raw.back())) raw.remove_suffix(1);  // it begins with what is none
  return raw;
}

/// The contents of a string (valid until the parser's next document), else the token.
[[nodiscard]] inline error_code text(ondemand::value& value, std::string_view& out) noexcept {
  out = token(value);
  if (out.empty() || out.front() != '"') return simdjson::SUCCESS;
  return value.get_string().get(out);
}

/// visit(std::string_view key, ondemand::value& value) -> error_code for each field; what it leaves unread is skipped.
template <class Visit>
[[nodiscard]] error_code for_each_field(ondemand::object object, Visit&& visit) noexcept {
  for (auto result : object) {
    ondemand::field field;
    if (const error_code error = std::move(result).get(field)) return error;
    std::string_view key;
    if (const error_code error = field.unescaped_key().get(key)) return error;
    ondemand::value value = field.value();
    if (const error_code error = visit(key, value)) return error;
  }
  return simdjson::SUCCESS;
}

template <class Visit>
[[nodiscard]] error_code for_each_field(ondemand::value& value, Visit&& visit) noexcept {
  ondemand::object object;
  if (const error_code error = value.get_object().get(object)) return error;
  return for_each_field(object, std::forward<Visit>(visit));
}

/// visit(ondemand::value& value) -> error_code for each element.
template <class Visit>
[[nodiscard]] error_code for_each_element(ondemand::array array, Visit&& visit) noexcept {
  for (auto result : array) {
    ondemand::value value;
    if (const error_code error = std::move(result).get(value)) return error;
    if (const error_code error = visit(value)) return error;
  }
  return simdjson::SUCCESS;
}

template <class Visit>
[[nodiscard]] error_code for_each_element(ondemand::value& value, Visit&& visit) noexcept {
  ondemand::array array;
  if (const error_code error = value.get_array().get(array)) return error;
  return for_each_element(array, std::forward<Visit>(visit));
}

/// Nothing follows the value that was walked. Precondition: the walk ended without an error.
[[nodiscard]] inline bool at_end(ondemand::document& document) noexcept {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

}  // namespace tapeline::feeds::json
