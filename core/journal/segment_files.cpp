#include "core/journal/segment_files.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/journal/compression.hpp"
#include "core/journal/file.hpp"

namespace tapeline {
namespace {

constexpr std::string_view plain_extension = ".journal";
constexpr std::string_view compressed_extension = ".journal.zst";
constexpr std::size_t index_digits = 16;

std::string path_of(const std::string& directory, std::uint64_t index, std::string_view extension) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "/%016llx", static_cast<unsigned long long>(index));
  return directory + name.data() + std::string(extension);
}

std::optional<SegmentFile> look_at(std::string path, std::uint64_t index, SegmentForm form) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return SegmentFile{.index = index,
                     .form = form,
                     .path = std::move(path),
                     .file_bytes = static_cast<std::uint64_t>(status.st_size),
                     .disk_bytes = static_cast<std::uint64_t>(status.st_blocks) * 512,
                     .written_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace

std::string segment_path(const std::string& directory, std::uint64_t index) {
  return path_of(directory, index, plain_extension);
}

std::string compressed_path(const std::string& directory, std::uint64_t index) {
  return path_of(directory, index, compressed_extension);
}

std::vector<std::uint64_t> list_segments(const std::string& directory) {
  std::vector<std::uint64_t> indices;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() < index_digits) continue;
    const std::string_view extension = std::string_view(name).substr(index_digits);
    if (extension != plain_extension && extension != compressed_extension) continue;
    std::uint64_t index = 0;
    const auto [end, parse_error] = std::from_chars(name.data(), name.data() + index_digits, index, 16);
    if (parse_error == std::errc{} && end == name.data() + index_digits) indices.push_back(index);
  }
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  return indices;
}

std::optional<SegmentFile> find_segment(const std::string& directory, std::uint64_t index) {
  // The plain form may go while we look, once the compressed one is there: in this order one of them is seen.
  if (auto plain = look_at(segment_path(directory, index), index, SegmentForm::plain)) return plain;
  return look_at(compressed_path(directory, index), index, SegmentForm::compressed);
}

std::vector<SegmentFile> find_segments(const std::string& directory) {
  std::vector<SegmentFile> files;
  for (const std::uint64_t index : list_segments(directory)) {
    if (auto file = find_segment(directory, index)) files.push_back(std::move(*file));
  }
  return files;
}

std::optional<SegmentHeader> read_segment_header(const SegmentFile& file) {
  SegmentHeader header{};
  if (file.form == SegmentForm::plain) {
    const FileDescriptor fd(open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0 || pread(fd.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header))
      return std::nullopt;
  } else {
    const std::string bytes = expand_beginning(read_file(file.path), sizeof header);
    if (bytes.size() != sizeof header) return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof header);
  }
  if (std::memcmp(header.magic, segment_magic, sizeof segment_magic) != 0) return std::nullopt;
  return header;
}

std::size_t segment_bytes_of(const SegmentFile& file) {
  const std::size_t bytes = file.form == SegmentForm::plain ? static_cast<std::size_t>(file.file_bytes)
                                                            : expanded_bytes(read_file(file.path));
  if (std::has_single_bit(bytes) && bytes >= segment_bytes_min) return bytes;
  return file.form == SegmentForm::plain ? bytes : 0;
}

}  // namespace tapeline
