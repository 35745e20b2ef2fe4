#include "core/journal/journal_keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/background_thread.hpp"
#include "core/base/crash_point.hpp"
#include "core/journal/chain.hpp"
#include "core/journal/file.hpp"

namespace tapeline {
namespace {

constexpr auto step_every = std::chrono::milliseconds(20);
constexpr Nanos look_interval_ns = nanos_per_second;
/// To be hashed at the end: a fraction of a second.
constexpr std::uint64_t finish_bytes_max = std::uint64_t{64} << 20;
constexpr Nanos repeat_ns = 60 * nanos_per_second;
/// Closed segments that stay as they are, for readers that are just behind the writer.
constexpr std::uint64_t plain_closed = 1;

std::string gigabytes(std::uint64_t bytes) {
  const std::uint64_t tenths = (bytes + 50'000'000) / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

std::uint64_t free_bytes(const std::string& directory) {
  struct statvfs status {};
  if (statvfs(directory.c_str(), &status) != 0) return 0;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

/// Where the chain ends: the last segment that has the hash of the one before it, or the oldest.
std::uint64_t last_chained(const JournalConfig& config, std::uint64_t last) {
  const auto indices = list_segments(config.directory);
  for (auto index = last; index > (indices.empty() ? last : indices.front()); --index) {
    const auto file = find_segment(config.directory, index);
    const auto header = file ? read_segment_header(*file) : std::nullopt;
    if (!header || header->version < 2 || !is_unknown(previous_digest(*header))) return index;
  }
  return indices.empty() ? last : indices.front();
}

}  // namespace

JournalKeeper::JournalKeeper(JournalWriter& writer, Operations& operations, Needs needs)
    : writer_(writer),
      operations_(operations),
      needs_(std::move(needs)),
      config_(writer.config()),
      stored_long_ago_(config_.failover_s),
      // A killed process may have closed the one before unsynced.
      synced_index_(std::max(writer.segment_index(), std::uint64_t{1}) - 1),
      chained_index_(last_chained(config_, writer.segment_index())),
      compressed_index_(0) {
  look_at_disk();
  thread_ = std::thread([this] { run(); });
}

JournalKeeper::~JournalKeeper() { stop(); }

void JournalKeeper::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

JournalUsage JournalKeeper::usage() const {
  const std::lock_guard lock(mutex_);
  return usage_;
}

void JournalKeeper::complain(const std::string& text) {
  const Nanos now_ns = steady_now_ns();
  if (now_ns < next_complaint_ns_) return;
  next_complaint_ns_ = now_ns + repeat_ns;
  operations_.tell(Severity::critical, "journal", text);
}

void JournalKeeper::run() {
  become_background_thread("journal keeper");
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    lock.unlock();
    step();
    lock.lock();
    stopped_.wait_for(lock, step_every, [this] { return is_stopped_; });
  }
  lock.unlock();
  finish_chain();
  if (config_.fsync != JournalFsync::none) sync_all();
}

void JournalKeeper::finish_chain() noexcept {
  // What is short work is done before the end: a journal that is read and not gone on with is chained, too.
  if ((writer_.segment_index() - chained_index_) * config_.segment_bytes > finish_bytes_max) return;
  is_finishing_ = true;
  try {
    chain_closed();
  } catch (const std::exception& error) {
    complain(error.what());
  }
}

void JournalKeeper::step() {
  try {
    sync_when_due();
    look_when_due();
    if (steady_now_ns() < next_try_ns_) return;
    chain_closed();
    if (config_.compression != JournalCompression::none) compress_one();
  } catch (const std::exception& error) {
    next_try_ns_ = steady_now_ns() + look_interval_ns;  // a full disk stays full for a while
    complain(error.what());
  }
}

bool JournalKeeper::go_on() {
  sync_when_due();
  const std::lock_guard lock(mutex_);
  return is_finishing_ || !is_stopped_;
}

void JournalKeeper::sync_when_due() {
  if (config_.fsync != JournalFsync::interval) return;
  const Nanos now_ns = steady_now_ns();
  if (now_ns < next_sync_ns_) return;
  next_sync_ns_ = now_ns + Nanos{config_.fsync_interval_ms} * nanos_per_millisecond;
  sync_all();
}

void JournalKeeper::sync_all() noexcept {
  const JournalPosition end = writer_.end_position();
  if (end == synced_end_) return;
  const std::uint64_t last = writer_.segment_index();
  try {
    for (std::uint64_t index = synced_index_; index <= last; ++index) {
      const auto offset = [&](JournalPosition position) {
        const JournalPosition begin = index * config_.segment_bytes;
        return static_cast<std::size_t>(std::clamp(position, begin, begin + config_.segment_bytes) - begin);
      };
      const std::string path = segment_path(config_.directory, index);
      // Of a closed one all, with the filler; of the last one no more than there are records.
      const int error = sync_segment(path, offset(synced_end_), index == last ? offset(end) : config_.segment_bytes);
      if (error == 0 || error == ENOENT) continue;  // none: compressed by now, which syncs, or deleted
      writer_.note_sync_failure(error);
      complain("cannot sync journal segment " + path + ": " + std::strerror(error) +
               "; what was appended may be lost, and nothing more is taken in: look at the disk, then start again");
      return;
    }
    pass_crash_point(CrashPoint::journal_sync);
    synced_index_ = last;
    synced_end_ = end;
  } catch (const std::exception& error) {
    complain(error.what());
  }
}

void JournalKeeper::chain_closed() {
  while (chained_index_ < writer_.segment_index()) {
    chain(chained_index_ + 1);
    if (!go_on()) return;
    ++chained_index_;
    look_when_due();  // also where segments are closed as quickly as they are hashed
  }
}

void JournalKeeper::chain(std::uint64_t index) {
  if (!find_segment(config_.directory, index - 1)) return;  // deleted meanwhile: its hash stays unknown
  const Segment closed(config_.directory, index - 1, config_.segment_bytes, SegmentAccess::read_only);
  const Digest digest = digest_of_segment(closed, [this] { return go_on(); });
  if (is_unknown(digest)) return;
  pass_crash_point(CrashPoint::journal_chain);
  // The header's page holds the first records, too: they must not be on the disk before those of the segment before it.
  if (config_.fsync == JournalFsync::interval) sync_all();
  const auto file = find_segment(config_.directory, index);
  const auto header = file ? read_segment_header(*file) : std::nullopt;
  if (!header || header->version < 2 || file->form != SegmentForm::plain) return;
  write_previous_digest(config_.directory, index, digest);
  if (config_.fsync != JournalFsync::none) {
    if (const int error = sync_segment(file->path, 0, sizeof(SegmentHeader)); error != 0) {
      writer_.note_sync_failure(error);  // it may be one of a record's page, and is reported once
      throw_errno(error, "cannot sync journal segment " + file->path);
    }
  }
  const Nanos now_ns = steady_now_ns();
  if (now_ns < next_news_ns_) return;
  // Whoever keeps his logs elsewhere can hold a journal against this.
  next_news_ns_ = now_ns + repeat_ns;
  operations_.tell(Severity::info, "journal",
                   "closed segment " + std::to_string(index - 1) + ", SHA-256 " + to_hex(digest));
}

void JournalKeeper::compress_one() {
  const std::uint64_t current = writer_.segment_index();
  if (current < plain_closed + 1 || compressed_index_ + plain_closed >= current) return;
  for (const std::uint64_t index : list_segments(config_.directory)) {
    if (index < compressed_index_) continue;
    if (index + plain_closed >= current || index >= chained_index_) return;
    const auto file = find_segment(config_.directory, index);
    if (file && file->form == SegmentForm::plain) {
      compress(*file);
      if (!go_on()) return;
      compressed_index_ = index + 1;
      return;
    }
    compressed_index_ = index + 1;
  }
}

void JournalKeeper::compress(const SegmentFile& file) {
  const Segment segment(config_.directory, file.index, config_.segment_bytes, SegmentAccess::read_only);
  const auto next = find_segment(config_.directory, file.index + 1);
  const auto header = next ? read_segment_header(*next) : std::nullopt;
  if (header && header->version >= 2 && digest_of_segment(segment) != previous_digest(*header)) {
    // Left as it is: what is damaged is for somebody to look at.
    complain("journal segment " + file.path + " has changed since it was closed; `tapeline journal verify` says where");
    return;
  }
  const std::string packed =
      compress_segment(segment.bytes(), config_.segment_bytes, config_.compression_level, [this] { return go_on(); });
  if (packed.empty()) return;
  std::vector<std::byte> unpacked(config_.segment_bytes);
  const Expanded expanded = expand_segment(packed, unpacked.data(), unpacked.size());
  if (!expanded.damaged.empty() || std::memcmp(unpacked.data(), segment.bytes(), unpacked.size()) != 0) {
    complain("journal segment " + file.path + " does not come out of its compressed form; it stays as it is");
    return;
  }
  const std::string path = compressed_path(config_.directory, file.index);
  const std::string unfinished = path + ".new";
  try {
    const FileDescriptor fd(open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (fd.get() < 0) throw_errno(errno, "cannot create " + unfinished);
    write_all(fd.get(), packed.data(), packed.size(), unfinished);
    // Its age is that of what is in it.
    const timespec written{file.written_ns / nanos_per_second, file.written_ns % nanos_per_second};
    const timespec times[2]{written, written};
    if (futimens(fd.get(), times) != 0 || fsync(fd.get()) != 0) throw_errno(errno, "cannot sync " + unfinished);
  } catch (...) {
    unlink(unfinished.c_str());
    throw;
  }
  if (rename(unfinished.c_str(), path.c_str()) != 0) throw_errno(errno, "cannot rename " + unfinished);
  sync_directory(config_.directory);
  pass_crash_point(CrashPoint::journal_compressed);
  if (unlink(file.path.c_str()) != 0) throw_errno(errno, "cannot delete " + file.path);
}

void JournalKeeper::look_when_due() {
  if (steady_now_ns() >= next_look_ns_) look_at_disk();
}

void JournalKeeper::look_at_disk() {
  const Nanos now_ns = steady_now_ns();
  next_look_ns_ = now_ns + look_interval_ns;
  const std::uint64_t current = writer_.segment_index();
  std::vector<SegmentFile> closed = find_segments(config_.directory);
  std::uint64_t open_bytes = 0;
  while (!closed.empty() && closed.back().index >= current) {
    open_bytes += closed.back().disk_bytes;
    closed.pop_back();
  }
  JournalPosition needed = std::numeric_limits<JournalPosition>::max();
  if (needs_.stored) {
    stored_long_ago_.note(needs_.stored(), now_ns);
    needed = stored_long_ago_.position();
  }
  if (needs_.restart) needed = std::min(needed, needs_.restart());
  const RetentionPlan plan = plan_retention(
      config_, {.closed = closed, .open_disk_bytes = open_bytes, .needed_position = needed, .now_ns = wall_now_ns()});
  trim(closed, plan);
  closed.erase(closed.begin(), closed.begin() + static_cast<std::ptrdiff_t>(plan.trim + plan.drop));

  JournalUsage usage = this->usage();
  usage.disk_bytes = open_bytes;
  usage.compressed_segments = 0;
  for (const SegmentFile& file : closed) {
    usage.disk_bytes += file.disk_bytes;
    if (file.form == SegmentForm::compressed) ++usage.compressed_segments;
  }
  usage.segments = closed.size() + 1;
  usage.first_position =
      (closed.empty() ? current : closed.front().index) * config_.segment_bytes + sizeof(SegmentHeader);
  usage.oldest_written_ns = closed.empty() ? 0 : closed.front().written_ns;
  usage.segments_trimmed += plan.trim;
  usage.segments_dropped += plan.drop;
  usage.limit_bytes = usage.disk_bytes + free_bytes(config_.directory);
  if (config_.budget_bytes > 0) usage.limit_bytes = std::min(usage.limit_bytes, config_.budget_bytes);
  usage.is_near_full = usage.disk_bytes > usage.limit_bytes / 100 * config_.budget_warn_percent;
  usage.is_full = plan.is_full || usage.headroom_bytes() < config_.segment_bytes;
  {
    const std::lock_guard lock(mutex_);
    usage_ = usage;
  }
  writer_.stop_growth(plan.is_full);
  warn(plan);
}

void JournalKeeper::trim(const std::vector<SegmentFile>& closed, const RetentionPlan& plan) {
  const std::size_t count = plan.trim + plan.drop;
  if (count == 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    if (i + 1 == count) pass_crash_point(CrashPoint::journal_trim);
    // Oldest first: whenever it ends, there is no hole. Both forms, should a crash have left both.
    unlink(compressed_path(config_.directory, closed[i].index).c_str());
    unlink(segment_path(config_.directory, closed[i].index).c_str());
    // What tools keep beside it, to find things in it (app/journal_index).
    unlink((segment_path(config_.directory, closed[i].index) + ".index").c_str());
  }
  sync_directory(config_.directory);
  if (plan.drop > 0) {
    operations_.tell(
        Severity::critical, "journal",
        "deleted " + std::to_string(plan.drop) + " segments up to position " +
            std::to_string((closed[count - 1].index + 1) * config_.segment_bytes) +
            " that are still needed, as journal.over_budget = \"drop_oldest\" says; what the database lacks "
            "of them is lost");
  }
  trimmed_untold_ += plan.trim;
}

void JournalKeeper::warn(const RetentionPlan& plan) {
  const JournalUsage usage = this->usage();
  const Nanos now_ns = steady_now_ns();
  if (trimmed_untold_ > 0 && now_ns >= next_news_ns_) {
    next_news_ns_ = now_ns + repeat_ns;
    operations_.tell(Severity::info, "journal",
                     "deleted " + std::to_string(std::exchange(trimmed_untold_, 0)) +
                         " segments that are stored and over the limits; it begins at position " +
                         std::to_string(usage.first_position));
  }
  if (!usage.is_near_full && !plan.is_full) {
    next_warning_ns_ = 0;
    return;
  }
  if (now_ns < next_warning_ns_) return;
  next_warning_ns_ = now_ns + repeat_ns;
  const std::string has = "the journal takes " + gigabytes(usage.disk_bytes) + " of " + gigabytes(usage.limit_bytes);
  if (plan.is_full) {
    operations_.tell(Severity::critical, "journal",
                     has +
                         ", its budget, and nothing of it may be deleted: frames are refused once the present segment "
                         "is full; mend the database, or raise journal.budget_bytes");
  } else {
    operations_.tell(Severity::warning, "journal",
                     has +
                         "; give it room, lower journal.retain_bytes or retain_hours, or mend what keeps it from being "
                         "stored");
  }
}

}  // namespace tapeline
