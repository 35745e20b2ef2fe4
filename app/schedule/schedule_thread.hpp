// The thread on which a running lane's jobs are done: when they are due, and when somebody asks.
//
// Threads   ask() and answer() from any; the jobs run on the one that it has.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/schedule/lane_job_host.hpp"
#include "app/schedule/scheduler.hpp"

namespace tapeline::app {

class ScheduleThread {
 public:
  struct Request {
    std::string job;
    std::string session;  // "2026-11-23"; empty: the present one
    Scheduler::Again again = Scheduler::Again::no;
  };

  /// `lane` outlives it.
  ScheduleThread(const Config& config, const LaneOptions& options, Lane& lane);
  ~ScheduleThread();
  ScheduleThread(const ScheduleThread&) = delete;
  ScheduleThread& operator=(const ScheduleThread&) = delete;

  /// The number under which the answer will be.
  [[nodiscard]] std::uint64_t ask(Request request);
  /// One line a step, "done overnight_changes: ..."; nullopt: not yet. Kept until it is asked for.
  [[nodiscard]] std::optional<std::string> answer(std::uint64_t number);

 private:
  void run();
  [[nodiscard]] std::string carry_out(const Request& request);

  std::atomic<bool> is_stopping_{false};
  bool is_scheduled_;
  LaneJobHost host_;
  Scheduler scheduler_;

  std::mutex mutex_;  // requests, answers
  std::condition_variable changed_;
  std::deque<std::pair<std::uint64_t, Request>> requests_;
  std::map<std::uint64_t, std::string> answers_;
  std::uint64_t next_number_ = 1;
  std::thread thread_;
};

/// The lines of a job that was done.
[[nodiscard]] std::string results_text(const std::vector<Scheduler::Result>& results);

}  // namespace tapeline::app
