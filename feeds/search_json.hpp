// simdjson's DOM, as the searches for symbols use it: their answers are read once. For .cpp files only.
#pragma once

#include <string>
#include <string_view>

#include <simdjson.h>

namespace tapeline::feeds {

/// A field that is a string; empty where there is none.
[[nodiscard]] inline std::string text_of(const simdjson::dom::element& object, const char* key) {
  std::string_view text;
  return object[key].get(text) ? std::string() : std::string(text);
}

}  // namespace tapeline::feeds
