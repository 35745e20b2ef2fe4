#include "core/journal/journal_writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/cache_line.hpp"
#include "core/base/crash_point.hpp"
#include "core/journal/file.hpp"

namespace tapeline {
namespace {

/// Of the next record's place, so much is asked for ahead at most: more would push out what is in work.
constexpr std::size_t prefetch_bytes_max = 2'048;

}  // namespace

JournalWriter::JournalWriter(const JournalConfig& config) : config_(config) {
  if (!std::has_single_bit(config_.segment_bytes) || config_.segment_bytes < segment_bytes_min) {
    throw std::invalid_argument("journal.segment_bytes is " + std::to_string(config_.segment_bytes) +
                                "; it must be a power of two, at least " + std::to_string(segment_bytes_min));
  }
  std::filesystem::create_directories(config_.directory);
  take_lock();
  recover();
}

JournalWriter::~JournalWriter() {
  Mapped* retired = retired_.load(std::memory_order_acquire);  // (N)
  while (retired != nullptr) delete std::exchange(retired, retired->next);
  // Made ahead and never used: a journal that was ended holds nothing but records.
  if (Mapped* next = next_.load(std::memory_order_acquire)) {  // (N)
    std::error_code ignored;
    std::filesystem::remove(segment_path(config_.directory, next->segment->index()), ignored);
    delete next;
  }
}

void JournalWriter::take_lock() {
  const std::string path = config_.directory + "/lock";
  const int fd = lock_.emplace(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640)).get();
  if (fd < 0) throw_errno(errno, "cannot open journal lock " + path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> owner{};
    const ssize_t read_bytes = pread(fd, owner.data(), owner.size() - 1, 0);
    const std::string pid =
        read_bytes > 0 ? std::string(owner.data(), static_cast<std::size_t>(read_bytes)) : "unknown";
    throw std::runtime_error("journal " + config_.directory + " is written by another process (pid " + pid +
                             "); stop that one, or give this one another lane");
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    // The pid only makes the other side's message better: the lock itself holds.
    last_error_ = "cannot note the pid in " + path;
  }
}

Segment JournalWriter::open_last() {
  auto indices = list_segments(config_.directory);
  for (;;) {
    Segment last(config_.directory, indices.back(), config_.segment_bytes, SegmentAccess::read_write);
    first_ = indices.front() * config_.segment_bytes + sizeof(SegmentHeader);
    if (indices.size() == 1) return last;
    if (inspect_record(last, config_.segment_bytes, sizeof(SegmentHeader), Verify::lengths) != RecordState::end)
      return last;
    const std::uint64_t before = indices.back() - 1;
    // Compressed: it was closed long ago. Else it must have been closed before the one behind it was used.
    const auto file = find_segment(config_.directory, before);
    if (!file || file->form == SegmentForm::compressed) return last;
    const Segment previous(config_.directory, before, config_.segment_bytes, SegmentAccess::read_only);
    std::size_t end = sizeof(SegmentHeader);
    while (inspect_record(previous, config_.segment_bytes, end, Verify::checksum) == RecordState::valid)
      end += static_cast<std::size_t>(frame_at(previous, end).end_position - frame_at(previous, end).position);
    if (inspect_record(previous, config_.segment_bytes, end, Verify::checksum) == RecordState::filler) return last;
    // Whatever stands in it is behind a record that is lost.
    std::size_t torn_end = config_.segment_bytes;
    while (torn_end > sizeof(SegmentHeader) && last.bytes()[torn_end - 1] == std::byte{0}) --torn_end;
    bytes_truncated_ += torn_end - sizeof(SegmentHeader);
    std::filesystem::remove(segment_path(config_.directory, indices.back()));
    indices.pop_back();
  }
}

void JournalWriter::cut_torn_tail() {
  // What was being written when the process or the machine died. Nothing from here on is a record, also where zeros come
  // first: pages reach the disk in any order.
  std::size_t torn_end = config_.segment_bytes;
  while (torn_end > offset_ && bytes_[torn_end - 1] == std::byte{0}) --torn_end;
  bytes_truncated_ += torn_end - offset_;
  truncated_position_ = segment_begin_ + offset_;
  std::memset(bytes_ + offset_, 0, torn_end - offset_);
  // From now on the disk is only given what is appended: a record that stood behind the torn one must not come back, also
  // where another process cut it and did not come to say so.
  if (config_.fsync != JournalFsync::none && !current_->segment->sync(offset_, config_.segment_bytes))
    throw_errno(errno, "cannot sync journal segment " + segment_path(config_.directory, current_->segment->index()));
}

void JournalWriter::recover() {
  for (const auto& entry : std::filesystem::directory_iterator(config_.directory)) {
    // Half made when a process died.
    if (entry.path().extension() == ".new") std::filesystem::remove(entry.path());
  }
  if (list_segments(config_.directory).empty()) {
    use(std::make_unique<Mapped>(Segment::create(config_.directory, 0, config_.segment_bytes)), sizeof(SegmentHeader));
    first_ = offset_;
  } else {
    use(std::make_unique<Mapped>(open_last()), sizeof(SegmentHeader));
    made_index_ = current_->segment->index();
    const Segment& segment = *current_->segment;
    RecordState state = inspect_record(segment, config_.segment_bytes, offset_, Verify::checksum);
    while (state == RecordState::valid) {
      const Frame frame = frame_at(segment, offset_);
      offset_ += static_cast<std::size_t>(frame.end_position - frame.position);
      state = inspect_record(segment, config_.segment_bytes, offset_, Verify::checksum);
    }
    if (state != RecordState::filler) cut_torn_tail();
    if (state == RecordState::filler && !roll()) throw std::runtime_error(last_error_);
  }
  synced_offset_ = sizeof(SegmentHeader);  // what an earlier process wrote may not be on the disk yet
  end_.store(segment_begin_ + offset_, std::memory_order_release);  // (J)
}

void JournalWriter::use(std::unique_ptr<Mapped> mapped, std::size_t offset) noexcept {
  std::unique_ptr<Mapped> old = std::exchange(current_, std::move(mapped));
  bytes_ = current_->segment->bytes();
  segment_begin_ = current_->segment->index() * config_.segment_bytes;
  offset_ = offset;
  synced_offset_ = offset;
  shared_current_.store(current_.get(), std::memory_order_release);     // (N)
  index_.store(current_->segment->index(), std::memory_order_release);  // (N)
  share_.lend(current_->segment);
  if (!old || !has_supply_) return;
  Mapped* const retired = old.release();
  retired->next = retired_.load(std::memory_order_relaxed);  // relaxed: checked again by the exchange
  // (N) release: `next` is written before the supply takes it.
  while (
      !retired_.compare_exchange_weak(retired->next, retired, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void JournalWriter::free_retired() noexcept {
  Mapped* mapped = retired_.exchange(nullptr, std::memory_order_acquire);  // (N)
  while (mapped != nullptr) {
    Mapped* const next = mapped->next;
    closed_.emplace_back(mapped);
    mapped = next;
  }
  std::erase_if(closed_, [](const std::unique_ptr<Mapped>& closed) { return closed->segment.use_count() == 1; });
}

void JournalWriter::set_pages(SegmentPages pages) noexcept {
  if (config_.fsync != JournalFsync::none) return;
  pages_.store(pages, std::memory_order_relaxed);  // relaxed: a wish, nothing hangs on it
  if (pages == SegmentPages::usual) return;
  Mapped* const mapped = shared_current_.load(std::memory_order_acquire);  // (N)
  mapped->segment->use_huge_pages();
  if (Mapped* const next = prepared_behind(mapped->segment->index())) next->segment->use_huge_pages();
}

void JournalWriter::touch_ahead(std::size_t bytes, std::size_t again_bytes) noexcept {
  // Both may be used and retired by now: they are still mapped, for only we free them.
  Mapped* const mapped = shared_current_.load(std::memory_order_acquire);  // (N)
  const std::size_t segment_bytes = config_.segment_bytes;
  const std::uint64_t index = mapped->segment->index();
  const JournalPosition begin = index * segment_bytes;
  const JournalPosition end = end_position();
  const auto offset = end > begin ? static_cast<std::size_t>(end - begin) : 0;
  if (index != touched_index_) {
    touched_index_ = index;
    touched_end_ = prepared_index_ == index ? prepared_end_ : 0;
  }
  if (offset >= segment_bytes) return;
  // A page that was touched long before its use may have been written back since, and be read-only again.
  mapped->segment->touch(offset, std::min(offset + again_bytes, touched_end_));
  Mapped* const next = prepared_behind(index);
  if (offset + bytes / 2 < touched_end_ + (next != nullptr ? prepared_end_ : 0)) return;
  const std::size_t wanted_end = offset + bytes;
  const std::size_t from = std::max(offset, touched_end_);
  touched_end_ = std::min(wanted_end, segment_bytes);
  mapped->segment->touch(from, touched_end_);
  if (next == nullptr || wanted_end <= segment_bytes) return;
  const std::size_t next_end = std::min(wanted_end - segment_bytes, segment_bytes);
  next->segment->touch(prepared_end_, next_end);
  prepared_end_ = std::max(prepared_end_, next_end);
}

std::unique_ptr<JournalWriter::Mapped> JournalWriter::make_segment() {
  const auto pages = pages_.load(std::memory_order_relaxed);  // as set_pages()
  auto made =
      std::make_unique<Mapped>(Segment::create(config_.directory, made_index_ + 1, config_.segment_bytes, pages));
  ++made_index_;
  return made;
}

void JournalWriter::prepare_next() {
  const std::lock_guard lock(making_);
  // The writer may have taken the last one and not say so yet: then that one counts.
  if (made_index_ > segment_index() || is_growth_stopped()) return;
  auto made = make_segment();
  pass_crash_point(CrashPoint::journal_prepare);
  prepared_ = made.get();
  prepared_index_ = made_index_;
  prepared_end_ = 0;
  next_.store(made.release(), std::memory_order_release);  // (N)
}

std::unique_ptr<JournalWriter::Mapped> JournalWriter::next_segment() {
  if (Mapped* next = next_.exchange(nullptr, std::memory_order_acquire)) return std::unique_ptr<Mapped>(next);  // (N)
  // Nobody has prepared one, or not in time: then it may be just in the making.
  const std::lock_guard lock(making_);
  if (Mapped* next = next_.exchange(nullptr, std::memory_order_acquire)) return std::unique_ptr<Mapped>(next);  // (N)
  if (is_growth_stopped()) {
    throw std::runtime_error(
        "the journal has used up journal.budget_bytes, and the database still lacks its oldest part; "
        "mend the database, or raise the budget");
  }
  return make_segment();
}

bool JournalWriter::roll() noexcept {
  try {
    std::unique_ptr<Mapped> next = next_segment();
    pass_crash_point(CrashPoint::journal_roll);
    // The filler comes after the next segment exists: a reader that sees it can go on.
    if (offset_ + sizeof(RecordHeader) <= config_.segment_bytes &&
        inspect_record(*current_->segment, config_.segment_bytes, offset_, Verify::lengths) == RecordState::end) {
      RecordHeader filler{};
      filler.record_bytes = static_cast<std::uint32_t>(config_.segment_bytes - offset_);
      filler.position = segment_begin_ + offset_;
      filler.kind = record_filler;
      filler.crc = record_crc(filler, {}, {});
      std::memcpy(bytes_ + offset_, &filler, sizeof filler);
    }
    if (config_.fsync == JournalFsync::batch && !current_->segment->sync(synced_offset_, config_.segment_bytes))
      note_sync_failure(errno);
    use(std::move(next), sizeof(SegmentHeader));
    return true;
  } catch (const std::exception& error) {
    last_error_ = error.what();
    return false;
  }
}

std::string JournalWriter::sync_failure() const {
  const int error = sync_error_.load(std::memory_order_relaxed);  // relaxed: it may be seen a frame later
  if (error == 0) return {};
  return "cannot sync journal " + config_.directory + ": " + std::generic_category().message(error) +
         "; look at the disk, then start again: the journal is checked then";
}

bool JournalWriter::has_failed() noexcept {
  if (sync_error_.load(std::memory_order_relaxed) == 0) return false;  // as sync_failure()
  // What the kernel could not write may be gone from its memory: to try again would hide it.
  last_error_ = sync_failure();
  return true;
}

std::optional<JournalPosition> JournalWriter::append(const Stamp& stamp, std::string_view context,
                                                     std::string_view payload) noexcept {
  if (has_failed()) return std::nullopt;
  const std::size_t bytes = record_bytes_of(context.size(), payload.size());
  if (payload.size() > payload_bytes_max() || context.size() > 4'096) {
    last_error_ = "a frame of " + std::to_string(payload.size()) + " bytes is over the journal's limit of " +
                  std::to_string(payload_bytes_max()) + "; raise journal.segment_bytes for a new journal";
    return std::nullopt;
  }
  if (bytes > config_.segment_bytes - offset_ && !roll()) return std::nullopt;

  RecordHeader header{};
  header.record_bytes = static_cast<std::uint32_t>(bytes);
  header.position = segment_begin_ + offset_;
  header.receive_ns = stamp.receive_ns;
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  header.context_bytes = static_cast<std::uint16_t>(context.size());
  header.http_status = stamp.http_status;
  header.kind = static_cast<std::uint8_t>(stamp.kind);
  header.source = static_cast<std::uint8_t>(stamp.source);
  header.channel = stamp.channel;

  std::byte* record = bytes_ + offset_;
  // The next one is likely to be as long: its lines come while this one is made.
  for (std::size_t ahead = bytes; ahead < std::min(2 * bytes, bytes + prefetch_bytes_max); ahead += cache_line_bytes)
    __builtin_prefetch(record + ahead, 1);
  // Of what was given, which is in a cache, and not of the copy, whose lines may be on their way yet.
  header.crc = record_crc(header, context, payload);
  std::byte* body = record + sizeof header;
  if (!context.empty()) std::memcpy(body, context.data(), context.size());
  if (!payload.empty()) std::memcpy(body + context.size(), payload.data(), payload.size());
  std::memcpy(record, &header, sizeof header);
  // The padding is zero already: segments are born and truncated that way.
  offset_ += bytes;
  end_.store(header.position + bytes, std::memory_order_release);  // (J)
  return header.position;
}

bool JournalWriter::end_batch() noexcept {
  if (config_.fsync != JournalFsync::batch) return true;
  if (has_failed()) return false;
  return synced_offset_ == offset_ || sync();
}

bool JournalWriter::sync() noexcept {
  if (!current_->segment->sync(synced_offset_, offset_)) {
    note_sync_failure(errno);
    return !has_failed();
  }
  pass_crash_point(CrashPoint::journal_sync);
  synced_offset_ = offset_;
  return true;
}

}  // namespace tapeline
