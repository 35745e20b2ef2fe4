// The dashboard's own files, as they were when the program was built: nothing is read from disk, nothing from elsewhere.
#pragma once

#include <optional>
#include <string_view>

namespace tapeline::sinks::dashboard {

struct PageFile {
  std::string_view content_type;
  std::string_view bytes;
};

/// By path: "/" is index.html, "/login" is login.html.
[[nodiscard]] std::optional<PageFile> page_file(std::string_view path);

/// One embedded file; made by cmake/EmbedPage.cmake.
struct EmbeddedFile {
  std::string_view name;
  std::string_view bytes;
};
[[nodiscard]] const EmbeddedFile* embedded_files_begin() noexcept;
[[nodiscard]] const EmbeddedFile* embedded_files_end() noexcept;

}  // namespace tapeline::sinks::dashboard
