#include "feeds/simulator/broadcast.hpp"

#include <algorithm>
#include <chrono>

#include "feeds/simulator/random.hpp"

namespace tapeline::feeds::simulator {
namespace {

constexpr Nanos first_client_poll_ns = 10 * nanos_per_millisecond;
constexpr std::uint64_t cuts_stream = 99;  // of random numbers
constexpr int messages_per_slice = 200;

}  // namespace

void Broadcast::start() {
  recording_ = std::make_unique<RecordingReader>(exchange_.options().recordings);
  choose_cuts();
  wait(first_client_poll_ns);
}

void Broadcast::choose_cuts() {
  if (exchange_.options().cuts == 0) return;
  RecordingReader counting(exchange_.options().recordings);
  RecordedMessage ignored;
  std::uint64_t messages = 0;
  while (counting.next(ignored)) ++messages;
  Random random(exchange_.options().seed, cuts_stream);
  const std::uint64_t wanted = std::min(exchange_.options().cuts, messages / 2);
  while (cuts_.size() < wanted) {
    cuts_.insert(1 + static_cast<std::uint64_t>(random.uniform() * static_cast<double>(messages - 1)));
  }
}

void Broadcast::wait(Nanos wait_ns) {
  timer_.expires_after(std::chrono::nanoseconds(wait_ns));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) play();
  });
}

void Broadcast::play() {
  if (!has_begun_ && !exchange_.has_listeners()) return wait(first_client_poll_ns);
  for (int i = 0; i < messages_per_slice; ++i) {
    if (!is_loaded_ && !recording_->next(message_)) return exchange_.flush();
    is_loaded_ = true;
    const Nanos now_ns = clock_.now_ns();
    if (!has_begun_) {
      has_begun_ = true;
      first_receive_ns_ = message_.receive_ns;
      began_ns_ = now_ns;
    }
    const double since_start = static_cast<double>(message_.receive_ns - first_receive_ns_);
    const bool is_paced = exchange_.options().recording_pacing == Pacing::original;
    const Nanos due_ns =
        !is_paced ? now_ns : began_ns_ + static_cast<Nanos>(since_start / exchange_.options().recording_speed);
    if (due_ns > now_ns) {
      exchange_.flush();
      return wait(due_ns - now_ns);
    }
    exchange_.broadcast(message_.payload);
    is_loaded_ = false;
    if (cuts_.contains(++sent_)) ++cuts_due_;
    // One that finds nobody waits for somebody.
    if (cuts_due_ > 0 && exchange_.has_listeners()) {
      --cuts_due_;
      exchange_.cut_all(now_ns + Nanos{exchange_.options().outage_ms} * nanos_per_millisecond);
      return wait(nanos_per_millisecond);  // the sockets are closed first
    }
  }
  exchange_.flush();
  wait(0);
}

}  // namespace tapeline::feeds::simulator
