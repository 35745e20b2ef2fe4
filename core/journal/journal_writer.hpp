// Appends frames to a lane's journal: the one place where a source's bytes become ours.
//
// Threads   One appends; end_position() may be asked from any.
// Failure   The constructor throws with a cure. append() never does: it refuses, and last_error() says why.
// Ordering  (J) release/acquire on the end position: a record is whole in memory before its end is seen.
//           The process may die at any instant: what was appended survives it, the last record at worst is torn and cut.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/journal/config.hpp"
#include "core/journal/segment.hpp"
#include "core/model/frame.hpp"

namespace tapeline {

class JournalWriter {
 public:
  /// What the journal keeps beside context and payload.
  struct Stamp {
    FrameKind kind = FrameKind::data;
    SourceCode source{};
    Channel channel = 0;
    std::uint16_t http_status = 0;
    Nanos receive_ns = 0;
  };

  /// Opens or makes the directory, takes its lock, cuts a torn tail.
  explicit JournalWriter(const JournalConfig& config);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Position of the new record; nullopt: refused, nothing was written.
  std::optional<JournalPosition> append(const Stamp& stamp, std::string_view context,
                                        std::string_view payload) noexcept;

  /// Where the next record will begin: all before it may be read.
  [[nodiscard]] JournalPosition end_position() const noexcept { return end_.load(std::memory_order_acquire); }  // (J)
  /// Oldest position that is still on disk.
  [[nodiscard]] JournalPosition first_position() const noexcept { return first_; }
  /// Writes everything appended so far through to the disk. False: last_error().
  [[nodiscard]] bool sync() noexcept;

  [[nodiscard]] std::string_view last_error() const noexcept { return last_error_; }
  /// Bytes of a torn record that the constructor cut.
  [[nodiscard]] std::uint64_t bytes_truncated() const noexcept { return bytes_truncated_; }
  [[nodiscard]] std::size_t payload_bytes_max() const noexcept { return config_.segment_bytes / 2; }

 private:
  void take_lock();
  void recover();
  [[nodiscard]] bool roll() noexcept;

  JournalConfig config_;
  int lock_fd_ = -1;
  Segment segment_;
  std::size_t offset_ = 0;  // of the next record in segment_
  std::size_t synced_offset_ = 0;
  JournalPosition first_ = 0;
  std::atomic<JournalPosition> end_{0};
  std::uint64_t bytes_truncated_ = 0;
  std::string last_error_;
};

}  // namespace tapeline
