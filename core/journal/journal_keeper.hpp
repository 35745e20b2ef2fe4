// Sees to what a lane's journal has closed: writes it through to the disk, chains and compresses it, deletes what nobody
// needs any more, and watches the disk budget.
//
// Threads   One of its own, at a low priority, from the constructor to stop(); usage() may be asked from any.
// Failure   Nothing stops it: what it cannot do is told to operations, and tried again. A disk that does not take what was
//           appended stops the writer.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/journal/digest.hpp"
#include "core/journal/journal_writer.hpp"
#include "core/journal/retention.hpp"
#include "core/runtime/operations.hpp"

namespace tapeline {

/// What the journal takes and may take, at one moment.
struct JournalUsage {
  std::uint64_t disk_bytes = 0;
  std::uint64_t limit_bytes = 0;  // the budget, or what the disk has for it
  std::size_t segments = 0;
  std::size_t compressed_segments = 0;
  JournalPosition first_position = 0;
  Nanos oldest_written_ns = 0;  // by the wall clock: when its oldest segment was closed
  std::uint64_t segments_trimmed = 0;
  std::uint64_t segments_dropped = 0;  // although the database lacked them
  bool is_near_full = false;
  bool is_full = false;

  [[nodiscard]] std::uint64_t headroom_bytes() const noexcept {
    return limit_bytes > disk_bytes ? limit_bytes - disk_bytes : 0;
  }
};

class JournalKeeper {
 public:
  /// Called on the keeper's thread.
  struct Needs {
    std::function<JournalPosition()> stored;   // what lies before it is in the database
    std::function<JournalPosition()> restart;  // a start begins to read here; none: nothing reads it again
  };

  /// All outlive it.
  JournalKeeper(JournalWriter& writer, Operations& operations, Needs needs);
  ~JournalKeeper();
  JournalKeeper(const JournalKeeper&) = delete;
  JournalKeeper& operator=(const JournalKeeper&) = delete;

  /// Once nothing is appended any more: what there is is chained and synced, and its thread ends.
  void stop() noexcept;

  [[nodiscard]] JournalUsage usage() const;

 private:
  void run();
  void step();
  /// Between two blocks of a long work; false: give it up.
  [[nodiscard]] bool go_on();
  void sync_when_due();
  void sync_all() noexcept;
  void chain_closed();
  void finish_chain() noexcept;
  void chain(std::uint64_t index);
  void compress_one();
  void compress(const SegmentFile& file);
  void look_when_due();
  void look_at_disk();
  void trim(const std::vector<SegmentFile>& closed, const RetentionPlan& plan);
  void warn(const RetentionPlan& plan);
  void complain(const std::string& text);

  JournalWriter& writer_;
  Operations& operations_;
  Needs needs_;
  const JournalConfig config_;
  StoredLongAgo stored_long_ago_;
  std::uint64_t synced_index_;
  JournalPosition synced_end_ = 0;
  Nanos next_sync_ns_ = 0;
  std::uint64_t chained_index_;     // its header has the hash of the one before it, or is not to have it
  std::uint64_t compressed_index_;  // all before it were seen to
  Nanos next_look_ns_ = 0;
  Nanos next_try_ns_ = 0;  // to chain and compress, after it failed
  Nanos next_warning_ns_ = 0;
  Nanos next_complaint_ns_ = 0;
  Nanos next_news_ns_ = 0;
  std::uint64_t trimmed_untold_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopped_ = false;
  bool is_finishing_ = false;  // of the keeper's own thread
  JournalUsage usage_;
  std::thread thread_;
};

}  // namespace tapeline
