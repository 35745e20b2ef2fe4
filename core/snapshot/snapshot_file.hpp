// One snapshot on disk: the state behind a position of the journal, in named parts.
//
//   file   SnapshotHeader, the parts one behind the other, the catalogue that names them
// Each part carries a key, a hash of all that decides what is in it: a part is used where the key is the same, and else
// computed anew. Everything is under a checksum. A file has its name only once it is whole and on the disk.
//
// Failure   SnapshotWriter throws std::system_error that names the file; its destructor removes what is not finished.
//           Snapshot::open() gives the reason why a file cannot be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/state_archive.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

/// Of the layout of the file and of every archive() in it: raised whenever any of them changes.
inline constexpr std::uint32_t snapshot_version = 3;

/// The last frame that a state has seen: the journal must still have it, or it is not the one of the snapshot.
struct SnapshotWitness {
  JournalPosition position = 0;
  JournalPosition end_position = 0;  // the state is that behind this position
  Nanos receive_ns = 0;
  std::uint32_t fingerprint = 0;
};
[[nodiscard]] SnapshotWitness witness_of(const Frame& frame) noexcept;

struct SnapshotPart {
  std::string name;
  std::uint64_t key = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;

  void archive(auto& archive) { archive(name, key, offset, bytes, crc); }
};

class SnapshotWriter {
 public:
  /// `path`: its name once it is finished.
  explicit SnapshotWriter(std::string path);
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  /// A part: what `save` writes.
  template <class Save>
  void add(std::string name, std::uint64_t key, const Save& save) {
    begin_part(std::move(name), key);
    StateWriter writer([this](std::span<const std::byte> bytes) { append(bytes); });
    save(writer);
    writer.flush();
  }
  /// Writes through to the disk and gives the file its name; returns its size.
  std::uint64_t finish(const SnapshotWitness& witness, Nanos taken_ns);

 private:
  void begin_part(std::string name, std::uint64_t key);
  void append(std::span<const std::byte> bytes);
  void write(std::span<const std::byte> bytes);

  std::string path_;
  std::string unfinished_;
  int fd_ = -1;
  std::uint64_t offset_ = 0;
  std::uint64_t drained_ = 0;  // up to here the kernel has been asked to write to the disk
  std::vector<SnapshotPart> parts_;
};

/// A whole one, mapped.
class Snapshot {
 public:
  /// Checks everything in it. The reason, without the path, where it cannot be used.
  [[nodiscard]] static Result<Snapshot, std::string> open(const std::string& path);
  ~Snapshot();
  Snapshot(Snapshot&& other) noexcept;
  Snapshot& operator=(Snapshot&&) = delete;

  [[nodiscard]] const SnapshotWitness& witness() const noexcept { return witness_; }
  [[nodiscard]] JournalPosition position() const noexcept { return witness_.end_position; }
  [[nodiscard]] Nanos taken_ns() const noexcept { return taken_ns_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return size_; }
  [[nodiscard]] const std::vector<SnapshotPart>& parts() const noexcept { return parts_; }
  /// nullptr: none is called so.
  [[nodiscard]] const SnapshotPart* find(std::string_view name) const noexcept;
  /// Precondition: one of parts().
  [[nodiscard]] StateReader read(const SnapshotPart& part) const noexcept {
    return StateReader({bytes_ + part.offset, part.bytes});
  }

 private:
  Snapshot() = default;
  /// Empty: all is well.
  [[nodiscard]] std::string check();

  const std::byte* bytes_ = nullptr;
  std::uint64_t size_ = 0;
  SnapshotWitness witness_;
  Nanos taken_ns_ = 0;
  std::vector<SnapshotPart> parts_;
};

/// What a snapshot says of itself, its parts unread; nullopt where not even that can be read.
struct SnapshotSummary {
  SnapshotWitness witness;
  Nanos taken_ns = 0;
  std::uint64_t bytes = 0;
};
[[nodiscard]] std::optional<SnapshotSummary> read_snapshot_summary(const std::string& path);

}  // namespace tapeline
