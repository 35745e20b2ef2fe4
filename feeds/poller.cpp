#include "feeds/poller.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "core/base/crash_point.hpp"
#include "feeds/journaled_trades.hpp"

namespace tapeline::feeds {
namespace {

constexpr Nanos status_interval_ns = 100 * nanos_per_millisecond;
constexpr Nanos complaint_interval_ns = 10 * nanos_per_second;
/// What is slewed, or lies between two looks at two clocks, is less.
constexpr Nanos clock_step_ns_min = nanos_per_second;
/// Handlers of one poll at most, so that the stages on the same thread get their turn.
constexpr int handlers_per_poll = 64;

}  // namespace

Poller::Poller(Options options, JournalWriter& journal, SpscRing<JournalMark>& marks, Operations& operations)
    : options_(options),
      context_(std::make_unique<boost::asio::io_context>(1)),
      journal_(journal),
      marks_(marks),
      operations_(operations),
      log_(operations) {}

Poller::~Poller() = default;

void Poller::resume_sources() {
  std::set<SourceCode> wanted;
  for (const auto& source : sources_) {
    if (const auto code = source->resumable()) wanted.insert(*code);
  }
  for_each_journaled_trade(journal_.config(), journal_.end_position(), wanted,
                           [&](SourceCode code, const JournaledTrade& trade) {
                             for (const auto& source : sources_) {
                               if (source->resumable() == code) source->resume(trade);
                             }
                           });
}

void Poller::append(SourceCode source, Channel channel, std::uint16_t http_status, std::string_view context,
                    std::string_view payload, Nanos receive_ns) {
  const Nanos stamp_ns = receive_ns != 0 ? receive_ns : wall_now_ns();
  const auto position = journal_.append({.kind = FrameKind::data,
                                         .source = source,
                                         .channel = channel,
                                         .http_status = http_status,
                                         .receive_ns = stamp_ns},
                                        context, payload);
  ++appended_;
  last_receive_ns_ = stamp_ns;
  if (!position) {
    refused(payload.size());
    return;
  }
  counts_.frames.add();
  counts_.bytes.add(payload.size());
}

void Poller::append_control(FrameKind kind, Nanos time_ns) noexcept {
  const auto position = journal_.append(
      {.kind = kind, .source = SourceCode{0}, .channel = 0, .http_status = 0, .receive_ns = time_ns}, {}, {});
  ++appended_;
  if (!position) refused(0);
}

void Poller::refused(std::size_t payload_bytes) noexcept {
  counts_.refused.add();
  complain("the journal refused a frame of " + std::to_string(payload_bytes) +
           " bytes: " + std::string(journal_.last_error()) + "; " + std::to_string(counts_.refused.value()) +
           " frames are lost so far");
}

void Poller::complain(std::string text) noexcept {
  const Nanos now_ns = steady_now_ns();
  if (now_ns < next_complaint_ns_) return;
  next_complaint_ns_ = now_ns + complaint_interval_ns;
  operations_.tell(Severity::critical, "poller", std::move(text));
}

std::size_t Poller::poll() noexcept {
  if (!started_) {
    started_ = true;
    if (options_.clock_interval_ns > 0) append_control(FrameKind::session_start, wall_now_ns());
    for (const auto& source : sources_) source->start(*this);
  }
  // relaxed first: the common case writes nothing. acquire: pairs with (P).
  if (poll_wanted_.load(std::memory_order_relaxed) && poll_wanted_.exchange(false, std::memory_order_acquire)) {
    for (const auto& source : sources_) source->poll_now();
  }
  if (context_->stopped()) context_->restart();
  // A frame is handed on before the next is read: it would wait here for longer than it takes to become a row, and a backlog is
  // not worked off any sooner by waiting. Only a disk that is waited for is waited for less often.
  const bool collects = journal_.config().fsync == JournalFsync::batch;
  for (int i = 0; i < handlers_per_poll && (collects || appended_ == 0) && context_->poll_one() > 0; ++i) {
  }
  const Nanos now_ns = steady_now_ns();
  if (options_.clock_interval_ns > 0 && now_ns >= next_clock_ns_ && !stopped_) {
    next_clock_ns_ = now_ns + options_.clock_interval_ns;
    const Nanos wall_ns = wall_now_ns();
    watch_wall_clock(wall_ns, now_ns);
    append_control(FrameKind::clock, wall_ns);
  }
  finish_recordings();
  publish_mark();
  note_statuses(now_ns);
  return std::exchange(appended_, 0);
}

void Poller::watch_wall_clock(Nanos wall_ns, Nanos steady_ns) noexcept {
  const Nanos before_ns = wall_minus_steady_ns_.value_or(wall_ns - steady_ns);
  const Nanos step_ns = wall_ns - steady_ns - before_ns;
  wall_minus_steady_ns_ = wall_ns - steady_ns;
  if (std::abs(step_ns) <= clock_step_ns_min) return;
  operations_.tell(Severity::warning, "poller",
                   std::string("the wall clock went ") + (step_ns < 0 ? "back" : "forward") + " by " +
                       std::to_string(std::abs(step_ns) / nanos_per_second) +
                       " s: it was set, or the machine slept; arrivals are stamped by it, and what is quality.ahead_ms "
                       "ahead of its arrival is rejected");
}

void Poller::finish_recordings() noexcept {
  if (exhausted_.load(std::memory_order_relaxed) || sources_.empty()) return;  // relaxed: our own flag
  const bool all =
      std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->exhausted(); });
  if (!all) return;
  append_control(FrameKind::end_of_input, last_receive_ns_);
  publish_mark();
  exhausted_.store(true, std::memory_order_release);  // (E)
}

void Poller::publish_mark() noexcept {
  const JournalPosition end = journal_.end_position();
  if (end == marked_) return;
  pass_crash_point(CrashPoint::journal_append);
  if (!journal_.end_batch()) {
    complain("what was received may be lost: " + std::string(journal_.last_error()));
    return;
  }
  JournalMark* mark = marks_.try_claim();
  if (mark == nullptr) return;
  mark->end_position = end;
  marks_.publish();
  marked_ = end;
}

void Poller::note_statuses(Nanos now_ns) noexcept {
  if (now_ns < next_status_ns_) return;
  next_status_ns_ = now_ns + status_interval_ns;
  for (const auto& source : sources_) log_.note(source->status(), now_ns);
  const std::unique_lock lock(status_mutex_, std::try_to_lock);
  if (!lock) return;
  statuses_.clear();
  for (const auto& source : sources_) statuses_.push_back(source->status());
}

std::vector<SourceStatus> Poller::statuses() const {
  const std::lock_guard lock(status_mutex_);
  return statuses_;
}

bool Poller::wait(Nanos timeout_ns) noexcept {
  if (context_->stopped()) context_->restart();
  context_->run_one_for(std::chrono::nanoseconds(timeout_ns));
  return true;
}

bool Poller::drained() noexcept {
  if (!stopped_) {
    stopped_ = true;
    for (const auto& source : sources_) source->stop();
    poll();
    if (options_.clock_interval_ns > 0) append_control(FrameKind::session_end, wall_now_ns());
  }
  poll();
  next_status_ns_ = 0;
  note_statuses(steady_now_ns());
  return marked_ == journal_.end_position();
}

}  // namespace tapeline::feeds
