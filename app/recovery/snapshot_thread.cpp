#include "app/recovery/snapshot_thread.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <sched.h>

#include "app/explain/recompute.hpp"
#include "core/base/background_thread.hpp"
#include "core/snapshot/snapshot_store.hpp"
#include "core/stages/pipeline_state.hpp"

namespace tapeline::app {
namespace {

constexpr std::uint64_t step_bytes = std::uint64_t{1} << 20;
constexpr Nanos rest_ns = 50 * nanos_per_millisecond;
constexpr Nanos retry_ns = 10 * nanos_per_second;
/// At the end, for a snapshot that is due.
constexpr Nanos farewell_ns = 2 * nanos_per_second;

void settle_down(const std::vector<int>& cpus) noexcept {
  if (cpus.empty()) return become_background_thread("snapshots");
  pthread_setname_np(pthread_self(), "snapshots");
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &mask);
  // May be refused inside some sandboxes: then it competes as any other thread does.
  pthread_setaffinity_np(pthread_self(), sizeof mask, &mask);
}

}  // namespace

SnapshotThread::SnapshotThread(Config config, Options options, Operations& operations)
    : config_(std::move(config)), options_(std::move(options)), operations_(operations) {
  if (const auto& snapshot = options_.recovery.snapshot) {
    taken_position_ = snapshot->position();
    if (options_.recovery.start_position != taken_position_) graft_position_ = taken_position_;
    due_ns_ = snapshot->taken_ns() + Nanos{config_.snapshots.interval_s} * nanos_per_second;
    position_.set(taken_position_);
    bytes_.set(snapshot->bytes());
    taken_ns_.set(static_cast<std::uint64_t>(snapshot->taken_ns()));
  } else {
    taken_position_ = options_.recovery.start_position;
  }
}

void SnapshotThread::start() {
  thread_ = std::thread([this] { run(); });
}

void SnapshotThread::stop() {
  if (!thread_.joinable()) return;
  deadline_ns_.store(steady_now_ns() + farewell_ns, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_release);
  }
  wake_.notify_all();
  thread_.join();
}

SnapshotStats SnapshotThread::stats() const {
  return {.is_enabled = true,
          .taken = taken_.value(),
          .failed = failed_.value(),
          .position = position_.value(),
          .bytes = bytes_.value(),
          .taken_ns = static_cast<Nanos>(taken_ns_.value()),
          .duration_ns = duration_ns_.value(),
          .followed_position = followed_.value()};
}

void SnapshotThread::run() noexcept {
  settle_down(options_.free_cpus);
  try {
    Recomputation recomputation(config_, options_.journal, options_.recovery);
    options_.recovery.snapshot.reset();
    follow(recomputation);
  } catch (const std::exception& error) {
    operations_.tell(Severity::warning, "snapshots",
                     std::string("no more are taken until the next start: ") + error.what());
  }
}

void SnapshotThread::follow(Recomputation& recomputation) {
  do {
    const JournalPosition limit = options_.settled();
    JournalPosition position = recomputation.position();
    while (position < limit) {
      recomputation.advance(std::min(limit, position + step_bytes), [](const Row&) {});
      position = recomputation.position();
      followed_.set(position);
      if (is_due(position, limit)) take(recomputation);
      const bool is_late =
          stopping_.load(std::memory_order_acquire) && steady_now_ns() > deadline_ns_.load(std::memory_order_relaxed);
      if (is_late) return;
    }
    if (is_due(position, limit)) take(recomputation);
  } while (rest());
}

bool SnapshotThread::is_due(JournalPosition position, JournalPosition limit) const noexcept {
  if (position <= taken_position_ || position <= graft_position_ || steady_now_ns() < next_try_ns_) return false;
  // A snapshot costs what it weighs: by growth there is never more written than half of what the journal has.
  const std::uint64_t growth = std::max(config_.snapshots.interval_bytes, 2 * bytes_.value());
  return position - taken_position_ >= growth || (position >= limit && wall_now_ns() >= due_ns_);
}

void SnapshotThread::take(Recomputation& recomputation) {
  const std::string directory = snapshot_directory(options_.journal.directory);
  const Nanos begin_ns = steady_now_ns();
  const Nanos now_ns = wall_now_ns();
  try {
    std::filesystem::create_directories(directory);
    const JournalPosition position = recomputation.position();
    const std::uint64_t bytes =
        save_pipeline(recomputation.parser(), recomputation.kernels(), snapshot_path(directory, position), now_ns);
    taken_position_ = position;
    due_ns_ = now_ns + Nanos{config_.snapshots.interval_s} * nanos_per_second;
    position_.set(position);
    bytes_.set(bytes);
    taken_ns_.set(static_cast<std::uint64_t>(now_ns));
    duration_ns_.set(static_cast<std::uint64_t>(steady_now_ns() - begin_ns));
    taken_.add();
    prune_snapshots(directory, config_.snapshots);
  } catch (const std::system_error& error) {
    failed_.add();
    next_try_ns_ = steady_now_ns() + retry_ns;
    operations_.tell(Severity::warning, "snapshots",
                     std::string(error.what()) + "; tried again later, a restart would replay more until then");
  }
}

bool SnapshotThread::rest() {
  std::unique_lock lock(mutex_);
  if (stopping_.load(std::memory_order_acquire)) return false;
  wake_.wait_for(lock, std::chrono::nanoseconds(rest_ns));
  return true;
}

}  // namespace tapeline::app
