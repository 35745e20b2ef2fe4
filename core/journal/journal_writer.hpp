// Appends frames to a lane's journal: the one place where a source's bytes become ours.
//
// Threads   One appends; end_position() may be asked from any. What is done ahead of it and behind it is done by others:
//           SegmentSupply makes segments before they are needed, JournalKeeper sees to those that are closed. Without them
//           it makes its segments itself, when they are needed.
// Failure   The constructor throws with a cure. append() never does: it refuses, and last_error() says why.
// Ordering  (J) release/acquire on the end position: a record is whole in memory before its end is seen.
//           (N) release/acquire on the next segment: it is allocated and mapped before it is taken.
//           The process may die at any instant: what was appended survives it, the last record at worst is torn and cut.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/file_descriptor.hpp"
#include "core/journal/config.hpp"
#include "core/journal/segment.hpp"
#include "core/journal/segment_share.hpp"
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
  /// What was appended since the last call is a batch: written through to the disk now where the configuration says so.
  /// False: last_error(); nothing of it may be used, and nothing more is taken in.
  [[nodiscard]] bool end_batch() noexcept;

  /// Where the next record will begin: all before it may be read.
  [[nodiscard]] JournalPosition end_position() const noexcept { return end_.load(std::memory_order_acquire); }  // (J)
  /// Oldest position that was on disk when it was opened.
  [[nodiscard]] JournalPosition first_position() const noexcept { return first_; }
  /// Writes everything appended so far through to the disk. False: last_error().
  [[nodiscard]] bool sync() noexcept;

  [[nodiscard]] std::string_view last_error() const noexcept { return last_error_; }
  /// Bytes of a torn record that the constructor cut, and where they stood.
  [[nodiscard]] std::uint64_t bytes_truncated() const noexcept { return bytes_truncated_; }
  [[nodiscard]] JournalPosition truncated_position() const noexcept { return truncated_position_; }
  [[nodiscard]] std::size_t payload_bytes_max() const noexcept { return config_.segment_bytes / 2; }
  [[nodiscard]] const JournalConfig& config() const noexcept { return config_; }
  /// For readers that do not outlive it.
  [[nodiscard]] const SegmentShare& share() const noexcept { return share_; }

  // -- From the thread of the SegmentSupply

  /// From now on segments are taken away by it: free_retired().
  void attach_supply() noexcept { has_supply_ = true; }
  /// Unmaps closed segments that nobody reads any more: it takes a while, and is nothing for who reads or writes.
  void free_retired() noexcept;
  /// For what is not present yet, and for segments made from now on. A journal that is synced as it grows keeps the usual
  /// ones: a few records would be 2 MiB to write.
  void set_pages(SegmentPages pages) noexcept;
  /// Makes pages present, so many bytes ahead of the next record, also in the segment behind the present one; the nearest
  /// of them are looked after once more.
  void touch_ahead(std::size_t bytes, std::size_t again_bytes) noexcept;
  /// Makes the segment behind the present one, unless it is there. Throws as Segment::create().
  void prepare_next();

  // -- From the thread of the JournalKeeper

  /// Of the segment that is appended to.
  [[nodiscard]] std::uint64_t segment_index() const noexcept { return index_.load(std::memory_order_acquire); }  // (N)
  /// No segment is to be added: the budget is used up.
  void stop_growth(bool is_stopped) noexcept { is_growth_stopped_.store(is_stopped, std::memory_order_relaxed); }
  [[nodiscard]] bool is_growth_stopped() const noexcept {
    return is_growth_stopped_.load(std::memory_order_relaxed);  // relaxed: a wish, nothing hangs on it
  }
  /// The disk has not taken what was appended: it may be lost, and nothing more is taken in.
  void note_sync_failure(int error) noexcept { sync_error_.store(error, std::memory_order_relaxed); }

  // -- From any thread

  /// Why nothing more is taken in, and the cure, once the disk has not taken what was appended; empty: it has.
  [[nodiscard]] std::string sync_failure() const;

 private:
  struct Mapped {
    explicit Mapped(Segment made) : segment(std::make_shared<Segment>(std::move(made))) {}

    std::shared_ptr<Segment> segment;
    Mapped* next = nullptr;  // of those that wait to be freed
  };

  void take_lock();
  void recover();
  /// The segment to go on with; what was prepared behind it and never used is deleted.
  [[nodiscard]] Segment open_last();
  void cut_torn_tail();
  [[nodiscard]] bool roll() noexcept;
  [[nodiscard]] std::unique_ptr<Mapped> next_segment();
  /// Of the supply: what it has made behind the segment with this index, or null.
  [[nodiscard]] Mapped* prepared_behind(std::uint64_t index) const noexcept {
    return prepared_index_ == index + 1 ? prepared_ : nullptr;
  }
  /// Under making_.
  [[nodiscard]] std::unique_ptr<Mapped> make_segment();
  void use(std::unique_ptr<Mapped> mapped, std::size_t offset) noexcept;
  [[nodiscard]] bool has_failed() noexcept;

  JournalConfig config_;
  std::optional<FileDescriptor> lock_;
  std::unique_ptr<Mapped> current_;
  std::byte* bytes_ = nullptr;         // of the current segment
  JournalPosition segment_begin_ = 0;  // and the position of its first byte
  std::size_t offset_ = 0;             // of the next record in it
  std::size_t synced_offset_ = 0;
  JournalPosition first_ = 0;
  std::atomic<JournalPosition> end_{0};
  std::atomic<std::uint64_t> index_{0};
  std::atomic<Mapped*> shared_current_{nullptr};  // (N) the current one, for the supply
  std::atomic<Mapped*> next_{nullptr};            // (N)
  std::atomic<Mapped*> retired_{nullptr};         // (N) those that are closed, newest first
  SegmentShare share_;
  std::mutex making_;             // held while a segment is made; never on the way that is prepared
  std::uint64_t made_index_ = 0;  // under it: of the last segment that was made
  std::atomic<bool> is_growth_stopped_{false};
  std::atomic<SegmentPages> pages_{SegmentPages::usual};
  std::atomic<int> sync_error_{0};
  bool has_supply_ = false;
  std::uint64_t touched_index_ = 0;  // the supply's own, from here on
  std::size_t touched_end_ = 0;
  Mapped* prepared_ = nullptr;  // made last; it is there as long as the one before it is in use
  std::uint64_t prepared_index_ = 0;
  std::size_t prepared_end_ = 0;                 // so far it is touched
  std::vector<std::unique_ptr<Mapped>> closed_;  // and those that somebody may still read
  std::uint64_t bytes_truncated_ = 0;
  JournalPosition truncated_position_ = 0;
  std::string last_error_;
};

}  // namespace tapeline
