#include "core/journal/segment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/huge_pages.hpp"
#include "core/journal/file.hpp"

namespace tapeline {
namespace {

constexpr std::size_t touched_bytes_max = std::size_t{64} << 10;

std::size_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

/// Where so much is free, from the beginning of a huge page on: a file's are mapped as such only where the address space's lie
/// alike, and not every file system sees to that. A hint: should another thread be quicker, the mapping comes elsewhere.
void* aligned_hint(std::size_t size) noexcept {
  const std::size_t room_size = size + huge_page_bytes;
  void* const room = mmap(nullptr, room_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return nullptr;
  munmap(room, room_size);
  const auto begin = reinterpret_cast<std::uintptr_t>(room);
  return static_cast<std::byte*>(room) + -begin % huge_page_bytes;
}

[[noreturn]] void throw_size(const std::string& path, std::uint64_t bytes, std::size_t wanted) {
  throw std::runtime_error("journal segment " + path + " has " + std::to_string(bytes) + " bytes, not " +
                           std::to_string(wanted) +
                           "; set journal.segment_bytes to what the journal was made with, or move the journal away");
}

/// A newer version goes on with its own: where the journal's last segment is not of it, nor is this one, but damaged.
bool is_newest_newer(const std::string& directory, std::uint64_t index) {
  const auto indices = list_segments(directory);
  if (indices.empty() || indices.back() == index) return true;
  const auto newest = find_segment(directory, indices.back());
  const auto header = newest ? read_segment_header(*newest) : std::nullopt;
  return header && header->version > segment_version;
}

}  // namespace

Segment::Segment(const std::string& directory, std::uint64_t index, std::size_t segment_bytes, SegmentAccess access)
    : Segment() {  // complete from here on: whatever throws, the destructor unmaps
  size_ = segment_bytes;
  index_ = index;
  const auto file = find_segment(directory, index);
  if (!file) throw_errno(ENOENT, "cannot open journal segment " + segment_path(directory, index));
  try {
    if (file->form == SegmentForm::plain) {
      map_file(file->path, access);
    } else if (access == SegmentAccess::read_write) {
      throw std::runtime_error(
          "journal segment " + file->path +
          " is compressed, and the last one: those behind it are gone; put them back, or unpack it "
          "with `zstd -d --rm` to go on behind it");
    } else {
      expand_file(file->path);
    }
  } catch (const std::system_error& error) {
    // Compressed, and its plain form deleted, since we looked.
    if (error.code().value() != ENOENT || access == SegmentAccess::read_write) throw;
    expand_file(compressed_path(directory, index));
  }
  const SegmentHeader found = header();
  const bool is_ours = std::memcmp(found.magic, segment_magic, sizeof segment_magic) == 0;
  if (is_ours && found.version > segment_version && found.header_bytes == sizeof found && found.index == index &&
      is_newest_newer(directory, index)) {
    throw std::runtime_error("journal segment " + file->path + " was written by a newer version of tapeline (format " +
                             std::to_string(found.version) + ", this one knows up to " +
                             std::to_string(segment_version) + "); read it with that version");
  }
  const std::string problem = header_problem(found, index, segment_bytes);
  if (access == SegmentAccess::read_write && !problem.empty()) {
    throw std::runtime_error("journal segment " + file->path + " has a damaged or foreign header (" + problem +
                             "); move the file away to go on without it");
  }
}

void Segment::map_file(const std::string& path, SegmentAccess access) {
  const FileDescriptor fd(open(path.c_str(), (access == SegmentAccess::read_write ? O_RDWR : O_RDONLY) | O_CLOEXEC));
  if (fd.get() < 0) throw_errno(errno, "cannot open journal segment " + path);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) throw_errno(errno, "cannot read journal segment " + path);
  if (static_cast<std::size_t>(status.st_size) != size_)
    throw_size(path, static_cast<std::uint64_t>(status.st_size), size_);
  const int protection = access == SegmentAccess::read_write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* const hint = size_ >= huge_page_bytes ? aligned_hint(size_) : nullptr;
  void* mapped = mmap(hint, size_, protection, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) throw_errno(errno, "cannot map journal segment " + path);
  bytes_ = static_cast<std::byte*>(mapped);
}

void Segment::expand_file(const std::string& path) {
  const std::string file = read_file(path);
  void* mapped = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw_errno(errno, "no memory to unpack journal segment " + path);
  bytes_ = static_cast<std::byte*>(mapped);
  const std::size_t says = expanded_bytes(file);
  if (says != 0 && says != size_) throw_size(path + " (unpacked)", says, size_);
  expanded_ = expand_segment(file, bytes_, size_);
}

Segment Segment::create(const std::string& directory, std::uint64_t index, std::size_t segment_bytes,
                        SegmentPages pages) {
  const std::string path = segment_path(directory, index);
  const std::string unfinished = path + ".new";
  if (find_segment(directory, index)) throw std::runtime_error("journal segment " + path + " is there already");
  const FileDescriptor fd(open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (fd.get() < 0) throw_errno(errno, "cannot create journal segment " + unfinished);
  // Space is taken now: a write into the mapping of a full disk would be a SIGBUS.
  if (const int error = posix_fallocate(fd.get(), 0, static_cast<off_t>(segment_bytes)); error != 0) {
    unlink(unfinished.c_str());
    throw_errno(error, "cannot allocate " + std::to_string(segment_bytes) + " bytes for journal segment " + path);
  }
  Segment segment;
  segment.size_ = segment_bytes;
  segment.index_ = index;
  segment.map_file(unfinished, SegmentAccess::read_write);
  if (pages == SegmentPages::huge) segment.use_huge_pages();  // before the header makes the first page present
  SegmentHeader header{};
  std::memcpy(header.magic, segment_magic, sizeof segment_magic);
  header.version = segment_version;
  header.header_bytes = sizeof header;
  header.segment_bytes = segment_bytes;
  header.index = index;
  std::memcpy(segment.bytes_, &header, sizeof header);
  if (fsync(fd.get()) != 0) throw_errno(errno, "cannot sync journal segment " + unfinished);
  if (rename(unfinished.c_str(), path.c_str()) != 0) throw_errno(errno, "cannot rename journal segment " + unfinished);
  sync_directory(directory);
  return segment;
}

Segment::~Segment() {
  if (bytes_ != nullptr) munmap(bytes_, size_);
}

Segment::Segment(Segment&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      size_(other.size_),
      index_(other.index_),
      has_huge_pages_(other.has_huge_pages_),
      expanded_(std::move(other.expanded_)) {}

Segment& Segment::operator=(Segment&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  std::swap(index_, other.index_);
  std::swap(has_huge_pages_, other.has_huge_pages_);
  std::swap(expanded_, other.expanded_);
  return *this;
}

SegmentHeader Segment::header() const noexcept {
  SegmentHeader header;
  std::memcpy(&header, bytes_, sizeof header);
  return header;
}

void Segment::use_huge_pages() noexcept {
  if (std::exchange(has_huge_pages_, true)) return;
  // MADV_RANDOM: else each fault reads two of them, and who needs the first waits for the second as well.
  if (madvise(bytes_, size_, MADV_HUGEPAGE) == 0) static_cast<void>(madvise(bytes_, size_, MADV_RANDOM));
}

void Segment::touch(std::size_t begin, std::size_t end) noexcept {
  if (begin >= end) return;
  const std::size_t page = page_bytes();
  begin = begin / page * page;
  end = std::min((end + page - 1) / page * page, size_);
#ifdef MADV_POPULATE_WRITE
  // Zeros stay zeros: the pages are made present and writable without a store that could meet one of the writer's.
  // A few at a time: a kernel that is not preemptible keeps a thread that wakes on this CPU waiting for all of a call. A huge
  // one comes as a whole.
  for (; begin < end; begin += touched_bytes_max)
    static_cast<void>(madvise(bytes_ + begin, std::min(touched_bytes_max, end - begin), MADV_POPULATE_WRITE));
#endif
}

bool Segment::sync(std::size_t begin, std::size_t end) noexcept {
  const std::size_t from = begin / page_bytes() * page_bytes();
  return msync(bytes_ + from, end - from, MS_SYNC) == 0;
}

int sync_segment(const std::string& path, std::size_t begin, std::size_t end) noexcept {
  // To be written to, although nothing is: what is mapped of a file that is open to be read only, msync() passes over.
  const FileDescriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (fd.get() < 0) return errno;
  const std::size_t from = begin / page_bytes() * page_bytes();
  if (from >= end) return 0;
  void* const mapped = mmap(nullptr, end - from, PROT_READ, MAP_SHARED, fd.get(), static_cast<off_t>(from));
  if (mapped == MAP_FAILED) return fdatasync(fd.get()) == 0 ? 0 : errno;  // no room to map it: more than was asked for
  const int error = msync(mapped, end - from, MS_SYNC) == 0 ? 0 : errno;
  munmap(mapped, end - from);
  return error;
}

std::string header_problem(const SegmentHeader& header, std::uint64_t index, std::size_t segment_bytes) {
  if (std::memcmp(header.magic, segment_magic, sizeof segment_magic) != 0) return "it does not begin with TLJRNL1";
  if (header.version == 0 || header.version > segment_version)
    return "its version is " + std::to_string(header.version);
  if (header.header_bytes != sizeof header) return "its header has " + std::to_string(header.header_bytes) + " bytes";
  if (header.segment_bytes != segment_bytes) return "it says " + std::to_string(header.segment_bytes) + " bytes";
  if (header.index != index) return "it says index " + std::to_string(header.index);
  return {};
}

bool is_blank(const Segment& segment) noexcept {
  const std::byte* const begin = segment.bytes() + sizeof(SegmentHeader);
  // Compared with itself, one byte further on.
  return *begin == std::byte{0} && std::memcmp(begin, begin + 1, segment.size() - sizeof(SegmentHeader) - 1) == 0;
}

}  // namespace tapeline
