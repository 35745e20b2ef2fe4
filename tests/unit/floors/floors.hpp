// The floors of ARCHITECTURE.md as a function: what a file may include, and what no text of ours contains.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tapeline::floors {

/// "path:line: rule" of everything in `text` that a source file at `path` (from the repository root) may not include.
[[nodiscard]] std::vector<std::string> forbidden_includes(const std::string& path, std::string_view text);

/// "path:line: rule" of every path in `text` that exists on the machine of whoever wrote it only.
[[nodiscard]] std::vector<std::string> private_paths(const std::string& path, std::string_view text);

}  // namespace tapeline::floors
