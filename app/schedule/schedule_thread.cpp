#include "app/schedule/schedule_thread.hpp"

#include <chrono>
#include <stdexcept>

#include <fmt/format.h>

#include "app/config/private_servers.hpp"

namespace tapeline::app {
namespace {

constexpr auto look_again = std::chrono::milliseconds(250);
/// Steps ask questions over many rows.
constexpr int call_timeout_ms_min = 120'000;
constexpr std::size_t answers_kept = 100;

}  // namespace

std::string results_text(const std::vector<Scheduler::Result>& results) {
  std::string text;
  for (const Scheduler::Result& result : results) {
    text += fmt::format("{} {}: {}\n", to_string(result.outcome.status), result.step, result.outcome.detail);
  }
  return text;
}

ScheduleThread::ScheduleThread(const Config& config, const LaneOptions& options, Lane& lane)
    : is_scheduled_(config.schedule.enabled),
      host_(config, options, lane, is_stopping_),
      scheduler_(config.schedule,
                 {.dsn = resolve_postgres(config.postgres, options.var_directory),
                  .call_timeout_ms = std::max(config.postgres.call_timeout_ms, call_timeout_ms_min),
                  .lane = options.name,
                  .intervals_s = config.bars.intervals_s},
                 {.host = host_, .operations = lane.operations(), .now_ns = wall_now_ns}),
      thread_([this] { run(); }) {}

ScheduleThread::~ScheduleThread() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_.store(true, std::memory_order_relaxed);  // the mutex orders it
  }
  changed_.notify_all();
  thread_.join();
}

std::uint64_t ScheduleThread::ask(Request request) {
  const std::lock_guard lock(mutex_);
  requests_.emplace_back(next_number_, std::move(request));
  changed_.notify_all();
  return next_number_++;
}

std::optional<std::string> ScheduleThread::answer(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(number);
  if (found == answers_.end()) return std::nullopt;
  std::string text = std::move(found->second);
  answers_.erase(found);
  return text;
}

void ScheduleThread::run() {
  pthread_setname_np(pthread_self(), "schedule");
  std::unique_lock lock(mutex_);
  while (!is_stopping_.load(std::memory_order_relaxed)) {
    if (requests_.empty()) {
      changed_.wait_for(lock, look_again);
    } else {
      const auto [number, request] = std::move(requests_.front());
      requests_.pop_front();
      lock.unlock();
      std::string text = carry_out(request);
      lock.lock();
      answers_.emplace(number, std::move(text));
      if (answers_.size() > answers_kept) answers_.erase(answers_.begin());  // nobody came for it
      continue;
    }
    lock.unlock();
    if (is_scheduled_) scheduler_.step();
    lock.lock();
  }
}

std::string ScheduleThread::carry_out(const Request& request) {
  try {
    const auto session = parse_date(request.session);
    if (!session && !request.session.empty()) {
      throw std::runtime_error(fmt::format("\"{}\" is no day; write it as 2026-11-23", request.session));
    }
    return results_text(scheduler_.run_now(request.job, session, request.again));
  } catch (const std::runtime_error& error) {
    return fmt::format("failed {}: {}\n", request.job, error.what());
  }
}

}  // namespace tapeline::app
