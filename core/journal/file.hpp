// The few things that whoever keeps something does with files, each with an error that names the file.
//
// Failure   Throws std::system_error.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/file_descriptor.hpp"

namespace tapeline {

[[noreturn]] void throw_errno(int error, const std::string& what);
/// So that a rename in it outlives a power cut.
void sync_directory(const std::string& directory);
/// All of it, whatever the kernel takes at a time.
void write_all(int fd, const void* data, std::size_t size, const std::string& path);
/// The whole file.
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace tapeline
