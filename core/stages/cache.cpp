#include "core/stages/cache.hpp"

#include <algorithm>

namespace tapeline {
namespace {

// Bounds of one call into a sink: small enough for its deadline, large enough for its pipeline.
constexpr std::size_t latest_per_call_max = 512;
constexpr std::size_t alerts_per_call_max = 256;

}  // namespace

Cache::Cache(SpscRing<Update>& updates, const std::vector<CacheSink*>& sinks, Options options)
    : updates_(updates), options_(options) {
  for (CacheSink* sink : sinks) receivers_.push_back({.sink = sink, .dirty = {}, .is_dirty = {}});
  batch_.reserve(latest_per_call_max);
}

std::size_t Cache::poll() noexcept {
  std::size_t done = take_updates();
  const Nanos now_ns = steady_now_ns();
  const bool flush_is_due = now_ns >= next_flush_ns_;
  if (flush_is_due) next_flush_ns_ = now_ns + options_.flush_interval_ns;
  for (Receiver& receiver : receivers_) {
    if (flush_is_due || receiver.next_alert < alerts_end()) done += serve(receiver, flush_is_due);
  }
  forget_delivered_alerts();
  return done;
}

bool Cache::drained() noexcept {
  if (!updates_.peek().empty()) return false;
  return std::all_of(receivers_.begin(), receivers_.end(), [&](const Receiver& receiver) {
    return receiver.next_alert == alerts_end() && (receiver.dirty.empty() || !receiver.was_ready);
  });
}

std::size_t Cache::take_updates() noexcept {
  const auto ready = updates_.peek();
  std::size_t taken = 0;
  for (const Update& update : ready) {
    if (update.kind == UpdateKind::alert) {
      if (!make_room_for_alert()) break;
      alerts_.push_back({update.instrument, update.position, update.as_alert, update.receive_ns});
    } else if (update.kind == UpdateKind::instrument) {
      for (Receiver& receiver : receivers_) {
        receiver.sink->on_instrument(update.instrument, update.source, update.as_instrument);
      }
    } else {
      take_latest(update);
    }
    ++taken;
  }
  updates_.release(taken);
  return taken;
}

void Cache::take_latest(const Update& update) {
  if (update.instrument >= instruments_.size()) instruments_.resize(update.instrument + std::size_t{1});
  instruments_[update.instrument] = {update.as_latest, true};
  for (Receiver& receiver : receivers_) mark_dirty(receiver, update.instrument);
}

void Cache::mark_dirty(Receiver& receiver, InstrumentIndex instrument) {
  if (receiver.is_dirty.size() < instruments_.size()) receiver.is_dirty.resize(instruments_.size());
  if (receiver.is_dirty[instrument]) return;
  receiver.is_dirty[instrument] = true;
  receiver.dirty.push_back(instrument);
}

std::size_t Cache::serve(Receiver& receiver, bool flush_is_due) {
  const SinkReadiness readiness = receiver.sink->readiness();
  receiver.was_ready = readiness == SinkReadiness::ready || readiness == SinkReadiness::returned;
  if (readiness == SinkReadiness::returned) {
    for (std::size_t i = 0; i < instruments_.size(); ++i) {
      if (instruments_[i].has_latest) mark_dirty(receiver, static_cast<InstrumentIndex>(i));
    }
  }
  if (!receiver.was_ready) return 0;
  // Latest values first: an alert that a sink keeps refusing must not hold back what is current.
  std::size_t done = flush_is_due ? hand_latest(receiver) : 0;
  return done + hand_alerts(receiver);
}

std::size_t Cache::hand_latest(Receiver& receiver) {
  std::size_t done = 0;
  while (done < receiver.dirty.size()) {
    batch_.clear();
    const std::size_t count = std::min(latest_per_call_max, receiver.dirty.size() - done);
    for (std::size_t i = done; i < done + count; ++i) {
      batch_.push_back({receiver.dirty[i], instruments_[receiver.dirty[i]].latest});
    }
    const std::size_t taken = receiver.sink->latest(batch_);
    for (std::size_t i = done; i < done + taken; ++i) receiver.is_dirty[receiver.dirty[i]] = false;
    done += taken;
    if (taken < count) break;
  }
  receiver.dirty.erase(receiver.dirty.begin(), receiver.dirty.begin() + static_cast<std::ptrdiff_t>(done));
  return done;
}

std::size_t Cache::hand_alerts(Receiver& receiver) {
  std::size_t done = 0;
  while (receiver.next_alert < alerts_end()) {
    const auto waiting = std::span(alerts_).subspan(static_cast<std::size_t>(receiver.next_alert - alerts_begin_));
    const auto given = waiting.first(std::min(alerts_per_call_max, waiting.size()));
    const std::size_t taken = receiver.sink->alerts(given);
    if (&receiver == &receivers_.back()) {
      const Nanos now_ns = wall_now_ns();
      for (const CachedAlert& alert : given.first(taken)) {
        if (alert.receive_ns >= options_.measure_from_ns) received_to_alerted_.record(now_ns - alert.receive_ns);
      }
    }
    receiver.next_alert += taken;
    done += taken;
    if (taken < given.size()) break;
  }
  return done;
}

std::uint64_t Cache::oldest_waiting() const noexcept {
  std::uint64_t oldest = alerts_end();
  for (const Receiver& receiver : receivers_) oldest = std::min(oldest, receiver.next_alert);
  return oldest;
}

bool Cache::make_room_for_alert() noexcept {
  const std::uint64_t oldest = oldest_waiting();
  if (alerts_end() - oldest < options_.alerts_waiting_max) return true;
  const auto is_late = [&](const Receiver& receiver) { return receiver.next_alert == oldest; };
  if (std::any_of(receivers_.begin(), receivers_.end(),
                  [&](const Receiver& receiver) { return is_late(receiver) && receiver.was_ready; })) {
    return false;
  }
  for (Receiver& receiver : receivers_) {
    if (!is_late(receiver)) continue;
    receiver.sink->give_up(alerts_[static_cast<std::size_t>(oldest - alerts_begin_)]);
    ++receiver.next_alert;
  }
  return true;
}

void Cache::forget_delivered_alerts() {
  const std::uint64_t oldest = oldest_waiting();
  alerts_waiting_.set(alerts_end() - oldest);
  std::uint64_t settled = std::max(alerts_settled_.value(), oldest);
  if (settled < alerts_end() && options_.told_again_within_ns != std::numeric_limits<Nanos>::max()) {
    const Nanos told_again_from_ns = wall_now_ns() - options_.told_again_within_ns;
    const auto at = [&](std::uint64_t number) -> const CachedAlert& {
      return alerts_[static_cast<std::size_t>(number - alerts_begin_)];
    };
    while (settled < alerts_end() && at(settled).receive_ns < told_again_from_ns) ++settled;
  }
  alerts_settled_.set(settled);
  // Moving the rest forward is worth it only for many; usually there is no rest.
  const auto delivered = static_cast<std::size_t>(oldest - alerts_begin_);
  if (delivered * 2 < alerts_.size() || delivered == 0) return;
  alerts_.erase(alerts_.begin(), alerts_.begin() + static_cast<std::ptrdiff_t>(delivered));
  alerts_begin_ = oldest;
}

}  // namespace tapeline
