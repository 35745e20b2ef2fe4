#include "core/journal/segment.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tapeline {
namespace {

constexpr std::string_view extension = ".journal";

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

void sync_directory(const std::string& directory) {
  const FileDescriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || fsync(fd.get()) != 0) fail(errno, "cannot sync journal directory " + directory);
}

std::byte* map(int fd, std::size_t size, SegmentAccess access, const std::string& path) {
  const int protection = access == SegmentAccess::read_write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* mapped = mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) fail(errno, "cannot map journal segment " + path);
  return static_cast<std::byte*>(mapped);
}

}  // namespace

std::string segment_path(const std::string& directory, std::uint64_t index) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "/%016llx", static_cast<unsigned long long>(index));
  return directory + name.data() + std::string(extension);
}

std::vector<std::uint64_t> list_segments(const std::string& directory) {
  std::vector<std::uint64_t> indices;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() != 16 + extension.size() || !name.ends_with(extension)) continue;
    std::uint64_t index = 0;
    const auto [end, parse_error] = std::from_chars(name.data(), name.data() + 16, index, 16);
    if (parse_error == std::errc{} && end == name.data() + 16) indices.push_back(index);
  }
  std::sort(indices.begin(), indices.end());
  return indices;
}

Segment::Segment(const std::string& directory, std::uint64_t index, std::size_t segment_bytes, SegmentAccess access)
    : size_(segment_bytes), index_(index) {
  const std::string path = segment_path(directory, index);
  const FileDescriptor fd(open(path.c_str(), (access == SegmentAccess::read_write ? O_RDWR : O_RDONLY) | O_CLOEXEC));
  if (fd.get() < 0) fail(errno, "cannot open journal segment " + path);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) fail(errno, "cannot read journal segment " + path);
  if (static_cast<std::size_t>(status.st_size) != segment_bytes) {
    throw std::runtime_error("journal segment " + path + " has " + std::to_string(status.st_size) + " bytes, not " +
                             std::to_string(segment_bytes) +
                             "; set journal.segment_bytes to what the journal was made with, or move the journal away");
  }
  bytes_ = map(fd.get(), segment_bytes, access, path);
  SegmentHeader header{};
  std::memcpy(&header, bytes_, sizeof header);
  const bool known = std::memcmp(header.magic, segment_magic, sizeof segment_magic) == 0 &&
                     header.version == segment_version && header.segment_bytes == segment_bytes &&
                     header.index == index;
  if (!known) {
    munmap(std::exchange(bytes_, nullptr), size_);
    throw std::runtime_error("journal segment " + path +
                             " has a damaged or foreign header; move the file away to go on without it");
  }
}

Segment Segment::create(const std::string& directory, std::uint64_t index, std::size_t segment_bytes) {
  const std::string path = segment_path(directory, index);
  const std::string unfinished = path + ".new";
  const FileDescriptor fd(open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (fd.get() < 0) fail(errno, "cannot create journal segment " + unfinished);
  // Space is taken now: a write into the mapping of a full disk would be a SIGBUS.
  if (const int error = posix_fallocate(fd.get(), 0, static_cast<off_t>(segment_bytes)); error != 0) {
    unlink(unfinished.c_str());
    fail(error, "cannot allocate " + std::to_string(segment_bytes) + " bytes for journal segment " + path);
  }
  Segment segment;
  segment.size_ = segment_bytes;
  segment.index_ = index;
  segment.bytes_ = map(fd.get(), segment_bytes, SegmentAccess::read_write, unfinished);
  SegmentHeader header{};
  std::memcpy(header.magic, segment_magic, sizeof segment_magic);
  header.version = segment_version;
  header.header_bytes = sizeof header;
  header.segment_bytes = segment_bytes;
  header.index = index;
  std::memcpy(segment.bytes_, &header, sizeof header);
  if (fsync(fd.get()) != 0) fail(errno, "cannot sync journal segment " + unfinished);
  if (rename(unfinished.c_str(), path.c_str()) != 0) fail(errno, "cannot rename journal segment " + unfinished);
  sync_directory(directory);
  return segment;
}

Segment::~Segment() {
  if (bytes_ != nullptr) munmap(bytes_, size_);
}

Segment::Segment(Segment&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_), index_(other.index_) {}

Segment& Segment::operator=(Segment&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  std::swap(index_, other.index_);
  return *this;
}

bool Segment::sync(std::size_t begin, std::size_t end) noexcept {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t from = begin / page * page;
  return msync(bytes_ + from, end - from, MS_SYNC) == 0;
}

RecordState inspect_record(const Segment& segment, std::size_t segment_bytes, std::size_t offset,
                           Verify verify) noexcept {
  if (offset + sizeof(RecordHeader) > segment_bytes) return RecordState::filler;
  RecordHeader header;
  std::memcpy(&header, segment.bytes() + offset, sizeof header);
  static constexpr RecordHeader zeros{};
  if (std::memcmp(&header, &zeros, sizeof header) == 0) return RecordState::end;
  const std::uint64_t position = segment.index() * segment_bytes + offset;
  const bool fits = header.position == position && header.record_bytes >= sizeof header &&
                    header.record_bytes % record_align == 0 && header.record_bytes <= segment_bytes - offset;
  if (!fits) return RecordState::corrupt;
  if (header.kind != record_filler &&
      header.record_bytes != record_bytes_of(header.context_bytes, header.payload_bytes)) {
    return RecordState::corrupt;
  }
  if (header.kind == record_filler && (header.context_bytes != 0 || header.payload_bytes != 0))
    return RecordState::corrupt;
  if (verify == Verify::checksum && record_crc(header, segment.bytes() + offset + sizeof header) != header.crc) {
    return RecordState::corrupt;
  }
  return header.kind == record_filler ? RecordState::filler : RecordState::valid;
}

Frame frame_at(const Segment& segment, std::size_t offset) noexcept {
  RecordHeader header;
  std::memcpy(&header, segment.bytes() + offset, sizeof header);
  const auto* body = reinterpret_cast<const char*>(segment.bytes() + offset + sizeof header);
  return {.position = header.position,
          .end_position = header.position + header.record_bytes,
          .receive_ns = header.receive_ns,
          .kind = static_cast<FrameKind>(header.kind),
          .source = static_cast<SourceCode>(header.source),
          .channel = header.channel,
          .http_status = header.http_status,
          .context = {body, header.context_bytes},
          .payload = {body + header.context_bytes, header.payload_bytes}};
}

}  // namespace tapeline
