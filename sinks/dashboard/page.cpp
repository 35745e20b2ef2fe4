#include "sinks/dashboard/page.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace tapeline::sinks::dashboard {
namespace {

std::string_view content_type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> types{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".svg", "image/svg+xml"},
  }};
  for (const auto& [ending, type] : types) {
    if (name.ends_with(ending)) return type;
  }
  return "text/plain; charset=utf-8";
}

}  // namespace

std::optional<PageFile> page_file(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  std::string name(path.substr(1));
  if (name.empty()) name = "index.html";
  if (name == "login") name = "login.html";
  const EmbeddedFile* const end = embedded_files_end();
  const EmbeddedFile* const found =
      std::find_if(embedded_files_begin(), end, [&](const EmbeddedFile& file) { return file.name == name; });
  if (found == end) return std::nullopt;
  return PageFile{content_type_of(name), found->bytes};
}

}  // namespace tapeline::sinks::dashboard
