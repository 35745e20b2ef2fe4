#include "core/snapshot/snapshot_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/crash_point.hpp"
#include "core/journal/crc32c.hpp"

namespace tapeline {
namespace {

struct SnapshotHeader {
  char magic[8];  // "TLSNAP1\0"
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t witness_position;
  std::uint64_t witness_end_position;
  std::int64_t witness_receive_ns;
  std::int64_t taken_ns;
  std::uint64_t catalogue_offset;
  std::uint64_t file_bytes;
  std::uint32_t witness_fingerprint;
  std::uint32_t catalogue_crc;
  std::uint32_t reserved[13];
  std::uint32_t crc;  // of all before it
};
static_assert(sizeof(SnapshotHeader) == 128);

constexpr char magic[8] = {'T', 'L', 'S', 'N', 'A', 'P', '1', '\0'};
/// So much waits for the disk at most: a database on it must not wait for a snapshot.
constexpr std::uint64_t drain_bytes = std::uint64_t{4} * 1024 * 1024;

std::uint32_t header_crc(const SnapshotHeader& header) noexcept {
  return crc32c(0, &header, sizeof header - sizeof header.crc);
}

bool is_header(const SnapshotHeader& header) noexcept {
  return std::memcmp(header.magic, magic, sizeof magic) == 0 && header.header_bytes == sizeof header &&
         header.crc == header_crc(header);
}

SnapshotWitness witness_in(const SnapshotHeader& header) noexcept {
  return {header.witness_position, header.witness_end_position, header.witness_receive_ns, header.witness_fingerprint};
}

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

SnapshotWitness witness_of(const Frame& frame) noexcept {
  const std::uint32_t crc = crc32c(static_cast<std::uint32_t>(frame.kind), frame.context.data(), frame.context.size());
  return {frame.position, frame.end_position, frame.receive_ns,
          crc32c(crc, frame.payload.data(), frame.payload.size())};
}

SnapshotWriter::SnapshotWriter(std::string path) : path_(std::move(path)), unfinished_(path_ + ".new") {
  fd_ = open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "cannot create snapshot " + unfinished_);
  static constexpr SnapshotHeader later{};
  write(std::as_bytes(std::span(&later, 1)));
}

SnapshotWriter::~SnapshotWriter() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(unfinished_.c_str());
}

void SnapshotWriter::begin_part(std::string name, std::uint64_t key) {
  parts_.push_back({.name = std::move(name), .key = key, .offset = offset_});
}

void SnapshotWriter::append(std::span<const std::byte> bytes) {
  SnapshotPart& part = parts_.back();
  part.crc = crc32c(part.crc, bytes.data(), bytes.size());
  part.bytes += bytes.size();
  write(bytes);
}

void SnapshotWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw std::system_error(errno, std::generic_category(), "cannot write snapshot " + unfinished_);
    offset_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (offset_ - drained_ < drain_bytes) return;
  // Waits for what was handed over the time before; the result is that of fsync.
  static_cast<void>(sync_file_range(fd_, static_cast<off64_t>(drained_), static_cast<off64_t>(offset_ - drained_),
                                    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
  drained_ = offset_;
}

std::uint64_t SnapshotWriter::finish(const SnapshotWitness& witness, Nanos taken_ns) {
  SnapshotHeader header{};
  header.catalogue_offset = offset_;
  StateWriter catalogue([&](std::span<const std::byte> bytes) {
    header.catalogue_crc = crc32c(header.catalogue_crc, bytes.data(), bytes.size());
    write(bytes);
  });
  catalogue(parts_);
  catalogue.flush();
  std::memcpy(header.magic, magic, sizeof magic);
  header.version = snapshot_version;
  header.header_bytes = sizeof header;
  header.witness_position = witness.position;
  header.witness_end_position = witness.end_position;
  header.witness_receive_ns = witness.receive_ns;
  header.witness_fingerprint = witness.fingerprint;
  header.taken_ns = taken_ns;
  header.file_bytes = offset_;
  header.crc = header_crc(header);
  const auto fail = [this](const char* what) {
    throw std::system_error(errno, std::generic_category(), what + unfinished_);
  };
  if (pwrite(fd_, &header, sizeof header, 0) != sizeof header) fail("cannot write snapshot ");
  if (fsync(fd_) != 0) fail("cannot sync snapshot ");
  pass_crash_point(CrashPoint::snapshot_written);
  // Read at the next start, if ever: the memory is better used for the journal.
  static_cast<void>(posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED));
  if (rename(unfinished_.c_str(), path_.c_str()) != 0) fail("cannot rename snapshot ");
  close(std::exchange(fd_, -1));
  const std::string directory = directory_of(path_);
  const int directory_fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = directory_fd >= 0 && fsync(directory_fd) == 0;
  const int error = errno;
  if (directory_fd >= 0) close(directory_fd);
  if (!is_synced) throw std::system_error(error, std::generic_category(), "cannot sync directory " + directory);
  pass_crash_point(CrashPoint::snapshot_renamed);
  return offset_;
}

Result<Snapshot, std::string> Snapshot::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Unexpected{std::string(std::strerror(errno))};
  struct stat status {};
  Snapshot snapshot;
  void* mapped = MAP_FAILED;
  if (fstat(fd, &status) == 0 && static_cast<std::size_t>(status.st_size) >= sizeof(SnapshotHeader)) {
    snapshot.size_ = static_cast<std::uint64_t>(status.st_size);
    mapped = mmap(nullptr, snapshot.size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  }
  close(fd);
  if (mapped == MAP_FAILED) {
    return Unexpected{
        std::string(snapshot.size_ == 0 ? "it is too short to be one" : "it cannot be mapped into memory")};
  }
  snapshot.bytes_ = static_cast<const std::byte*>(mapped);
  if (std::string problem = snapshot.check(); !problem.empty()) return Unexpected{std::move(problem)};
  return snapshot;
}

std::string Snapshot::check() {
  SnapshotHeader header{};
  std::memcpy(&header, bytes_, sizeof header);
  if (!is_header(header)) return "its header is damaged, or it is no snapshot";
  if (header.version != snapshot_version) {
    return "it is of version " + std::to_string(header.version) + ", this program reads version " +
           std::to_string(snapshot_version);
  }
  if (header.file_bytes != size_ || header.catalogue_offset > size_) {
    return "it has " + std::to_string(size_) + " bytes, not " + std::to_string(header.file_bytes);
  }
  witness_ = witness_in(header);
  taken_ns_ = header.taken_ns;
  const std::span catalogue(bytes_ + header.catalogue_offset, size_ - header.catalogue_offset);
  if (crc32c(0, catalogue.data(), catalogue.size()) != header.catalogue_crc) return "its catalogue is damaged";
  StateReader reader(catalogue);
  reader(parts_);
  if (!reader.finished()) return "its catalogue is damaged";
  std::uint64_t end = sizeof header;  // the parts lie one behind the other: no byte is without a checksum
  for (const SnapshotPart& part : parts_) {
    if (part.offset != end || part.bytes > header.catalogue_offset - end) return "its catalogue is damaged";
    if (crc32c(0, bytes_ + part.offset, part.bytes) != part.crc) return "its part \"" + part.name + "\" is damaged";
    end += part.bytes;
  }
  return end == header.catalogue_offset ? "" : "its catalogue is damaged";
}

Snapshot::~Snapshot() {
  if (bytes_ != nullptr) munmap(const_cast<std::byte*>(bytes_), size_);
}

Snapshot::Snapshot(Snapshot&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      size_(other.size_),
      witness_(other.witness_),
      taken_ns_(other.taken_ns_),
      parts_(std::move(other.parts_)) {}

const SnapshotPart* Snapshot::find(std::string_view name) const noexcept {
  const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const auto& part) { return part.name == name; });
  return found == parts_.end() ? nullptr : &*found;
}

std::optional<SnapshotSummary> read_snapshot_summary(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  SnapshotHeader header{};
  const bool is_read = pread(fd, &header, sizeof header, 0) == sizeof header;
  close(fd);
  if (!is_read || !is_header(header)) return std::nullopt;
  return SnapshotSummary{witness_in(header), header.taken_ns, header.file_bytes};
}

}  // namespace tapeline
