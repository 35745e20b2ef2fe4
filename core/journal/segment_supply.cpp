#include "core/journal/segment_supply.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "core/base/background_thread.hpp"
#include "core/base/time.hpp"

namespace tapeline {
namespace {

/// So much is touched ahead at least; at each look half of it may have been used up.
constexpr std::size_t ahead_bytes_min = std::size_t{16} << 20;
/// And so many times what was appended since the last look, which may come late where every CPU is busy.
constexpr std::size_t looks_ahead = 4;
constexpr auto look_every = std::chrono::milliseconds(10);
/// What is used up more slowly than in so many looks may be written back before: its nearest part is touched again.
constexpr std::size_t looks_fresh = 100;
constexpr std::size_t again_bytes_min = std::size_t{64} << 10;
/// From this on pages cannot come soon enough, and a huge one is full long before it is written back.
constexpr double fast_bytes_a_second = 64 << 20;
/// The next segment is made once this part of the present one is full: a quiet lane takes no disk that it may never use.
constexpr std::size_t prepare_at_part = 8;
constexpr Nanos retry_ns = nanos_per_second;

}  // namespace

SegmentSupply::SegmentSupply(JournalWriter& writer) : writer_(writer) {
  writer_.attach_supply();
  seen_end_ = writer_.end_position();
  seen_ns_ = steady_now_ns();
  thread_ = std::thread([this] { run(); });
}

SegmentSupply::~SegmentSupply() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void SegmentSupply::step() {
  const std::size_t segment_bytes = writer_.config().segment_bytes;
  const JournalPosition end = writer_.end_position();
  const std::uint64_t appended = end - std::exchange(seen_end_, end);
  const Nanos now_ns = steady_now_ns();
  // Of a shorter time a few records would look like many.
  const Nanos elapsed_ns =
      std::max(now_ns - std::exchange(seen_ns_, now_ns), Nanos{std::chrono::nanoseconds(look_every).count()});
  const auto ahead = static_cast<std::size_t>(
      std::clamp<std::uint64_t>(looks_ahead * appended, std::min(ahead_bytes_min, segment_bytes), segment_bytes));
  const bool is_stale = appended != 0 && looks_fresh * appended < ahead;
  const auto again = is_stale ? std::max<std::size_t>(looks_ahead * appended, again_bytes_min) : 0;
  const double seconds = static_cast<double>(elapsed_ns) / nanos_per_second;
  const bool is_fast = static_cast<double>(appended) > fast_bytes_a_second * seconds;
  writer_.free_retired();
  writer_.set_pages(is_fast ? SegmentPages::huge : SegmentPages::usual);
  prepare_when_due();
  writer_.touch_ahead(ahead, again);
}

void SegmentSupply::prepare_when_due() {
  const std::size_t segment_bytes = writer_.config().segment_bytes;
  const JournalPosition begin = writer_.segment_index() * segment_bytes;
  if (writer_.end_position() < begin + segment_bytes / prepare_at_part) return;
  const Nanos now_ns = steady_now_ns();
  if (now_ns < next_try_ns_) return;
  try {
    writer_.prepare_next();
  } catch (const std::exception&) {
    next_try_ns_ = now_ns + retry_ns;  // the writer will say it, if it still fails then
  }
}

void SegmentSupply::run() {
  become_background_thread("journal supply");
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    lock.unlock();
    step();
    lock.lock();
    stopped_.wait_for(lock, look_every, [this] { return is_stopped_; });
  }
}

}  // namespace tapeline
