// The file of a segment that is needed no more, kept to be written again as a later one: its blocks are on the disk and its
// pages in memory, while to give them back and take others is most of what a new segment costs.
//
// Ownership Whoever maps a plain segment holds a shared lock on its file while he does. A file is kept only where nobody
//           has it mapped, in this process or another; else it is deleted, and who has it mapped reads on.
#pragma once

#include <string>

namespace tapeline {

/// For as long as `fd` is open. False: by now `path` names another file, or none.
[[nodiscard]] bool hold_file(int fd, const std::string& path) noexcept;

/// Keeps the file of the closed segment `path`, which is open as `fd`: one at most. False: it stays what it is.
[[nodiscard]] bool keep_spare_file(int fd, const std::string& directory, const std::string& path) noexcept;
/// The same, or deletes it. False with errno: it is still there.
[[nodiscard]] bool release_segment(const std::string& directory, const std::string& path) noexcept;

[[nodiscard]] bool has_spare_file(const std::string& directory) noexcept;

/// Moves the file that was kept to `path`, with what was in it. False: there is none.
[[nodiscard]] bool take_spare_file(const std::string& directory, const std::string& path) noexcept;

void delete_spare_file(const std::string& directory) noexcept;

}  // namespace tapeline
