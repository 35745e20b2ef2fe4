// Lines and columns of a CSV in which nothing is quoted, as Alpha Vantage writes them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace tapeline::feeds::alpha_vantage {

inline constexpr std::size_t columns_max = 16;

/// The next line of `rest`, which is shortened by it; LF and CRLF both end one, and so does the end.
[[nodiscard]] inline std::string_view take_line(std::string_view& rest) noexcept {
  const std::size_t newline = rest.find('\n');
  std::string_view line = rest.substr(0, newline);
  rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

struct Columns {
  std::array<std::string_view, columns_max> fields;
  std::size_t count = 0;  // columns_max + 1: more than that
};

[[nodiscard]] inline Columns split(std::string_view line) noexcept {
  Columns columns;
  for (;;) {
    const std::size_t comma = line.find(',');
    if (columns.count < columns_max) columns.fields[columns.count] = line.substr(0, comma);
    columns.count = std::min(columns.count + 1, columns_max + 1);
    if (comma == std::string_view::npos) return columns;
    line.remove_prefix(comma + 1);
  }
}

}  // namespace tapeline::feeds::alpha_vantage
