#include "core/journal/journal_writer.hpp"

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

#include "core/base/crash_point.hpp"

namespace tapeline {

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
  if (lock_fd_ >= 0) close(lock_fd_);
}

void JournalWriter::take_lock() {
  const std::string path = config_.directory + "/lock";
  lock_fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_fd_ < 0) throw std::system_error(errno, std::generic_category(), "cannot open journal lock " + path);
  if (flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> owner{};
    const ssize_t read_bytes = pread(lock_fd_, owner.data(), owner.size() - 1, 0);
    const std::string pid =
        read_bytes > 0 ? std::string(owner.data(), static_cast<std::size_t>(read_bytes)) : "unknown";
    close(std::exchange(lock_fd_, -1));
    throw std::runtime_error("journal " + config_.directory + " is written by another process (pid " + pid +
                             "); stop that one, or give this one another lane");
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock_fd_, 0) != 0 || pwrite(lock_fd_, pid.data(), pid.size(), 0) < 0) {
    // The pid only makes the other side's message better: the lock itself holds.
    last_error_ = "cannot note the pid in " + path;
  }
}

void JournalWriter::recover() {
  const auto indices = list_segments(config_.directory);
  if (indices.empty()) {
    segment_ = Segment::create(config_.directory, 0, config_.segment_bytes);
    offset_ = sizeof(SegmentHeader);
    first_ = offset_;
  } else {
    segment_ = Segment(config_.directory, indices.back(), config_.segment_bytes, SegmentAccess::read_write);
    first_ = indices.front() * config_.segment_bytes + sizeof(SegmentHeader);
    offset_ = sizeof(SegmentHeader);
    RecordState state = inspect_record(segment_, config_.segment_bytes, offset_, Verify::checksum);
    while (state == RecordState::valid) {
      RecordHeader header;
      std::memcpy(&header, segment_.bytes() + offset_, sizeof header);
      offset_ += header.record_bytes;
      state = inspect_record(segment_, config_.segment_bytes, offset_, Verify::checksum);
    }
    if (state != RecordState::filler) {
      // A torn tail: what was being written when the process or the machine died. Nothing from here on is a record, also
      // where zeros come first: pages reach the disk in any order.
      std::size_t torn_end = config_.segment_bytes;
      while (torn_end > offset_ && segment_.bytes()[torn_end - 1] == std::byte{0}) --torn_end;
      bytes_truncated_ = torn_end - offset_;
      std::memset(segment_.bytes() + offset_, 0, torn_end - offset_);
    }
    if (state == RecordState::filler && !roll()) throw std::runtime_error(last_error_);
  }
  synced_offset_ = offset_;
  end_.store(segment_.index() * config_.segment_bytes + offset_, std::memory_order_release);  // (J)
}

bool JournalWriter::roll() noexcept {
  try {
    Segment next = Segment::create(config_.directory, segment_.index() + 1, config_.segment_bytes);
    pass_crash_point(CrashPoint::journal_roll);
    // The filler comes after the next segment exists: a reader that sees it can go on.
    if (offset_ + sizeof(RecordHeader) <= config_.segment_bytes &&
        inspect_record(segment_, config_.segment_bytes, offset_, Verify::lengths) == RecordState::end) {
      RecordHeader filler{};
      filler.record_bytes = static_cast<std::uint32_t>(config_.segment_bytes - offset_);
      filler.position = segment_.index() * config_.segment_bytes + offset_;
      filler.kind = record_filler;
      filler.crc = record_crc(filler, nullptr);
      std::memcpy(segment_.bytes() + offset_, &filler, sizeof filler);
    }
    segment_ = std::move(next);
    offset_ = sizeof(SegmentHeader);
    synced_offset_ = offset_;
    return true;
  } catch (const std::exception& error) {
    last_error_ = error.what();
    return false;
  }
}

std::optional<JournalPosition> JournalWriter::append(const Stamp& stamp, std::string_view context,
                                                     std::string_view payload) noexcept {
  const std::size_t bytes = record_bytes_of(context.size(), payload.size());
  if (payload.size() > payload_bytes_max() || context.size() > 4'096) {
    last_error_ = "a frame of " + std::to_string(payload.size()) + " bytes is over the journal's limit of " +
                  std::to_string(payload_bytes_max()) + "; raise journal.segment_bytes for a new journal";
    return std::nullopt;
  }
  if (bytes > config_.segment_bytes - offset_ && !roll()) return std::nullopt;

  RecordHeader header{};
  header.record_bytes = static_cast<std::uint32_t>(bytes);
  header.position = segment_.index() * config_.segment_bytes + offset_;
  header.receive_ns = stamp.receive_ns;
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  header.context_bytes = static_cast<std::uint16_t>(context.size());
  header.http_status = stamp.http_status;
  header.kind = static_cast<std::uint8_t>(stamp.kind);
  header.source = static_cast<std::uint8_t>(stamp.source);
  header.channel = stamp.channel;

  std::byte* record = segment_.bytes() + offset_;
  std::byte* body = record + sizeof header;
  if (!context.empty()) std::memcpy(body, context.data(), context.size());
  if (!payload.empty()) std::memcpy(body + context.size(), payload.data(), payload.size());
  header.crc = record_crc(header, body);
  std::memcpy(record, &header, sizeof header);
  // The padding is zero already: segments are born and truncated that way.
  offset_ += bytes;
  end_.store(header.position + bytes, std::memory_order_release);  // (J)
  return header.position;
}

bool JournalWriter::sync() noexcept {
  if (!segment_.sync(synced_offset_, offset_)) {
    last_error_ = "cannot sync journal " + config_.directory + ": " + std::strerror(errno);
    return false;
  }
  pass_crash_point(CrashPoint::journal_sync);
  synced_offset_ = offset_;
  return true;
}

}  // namespace tapeline
