#include "app/output_thread.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

namespace tapeline::app {

struct OutputThread::State {
  explicit State(int to) : descriptor(to) {}

  const int descriptor;
  mutable std::mutex mutex;  // guards all below, and is never held while a write may block
  std::condition_variable changed;
  std::deque<std::string> waiting;  // the first one is being written
  std::size_t waiting_bytes = 0;
  std::uint64_t lost = 0;  // since it was said last; nothing is taken until it has been
  bool is_loss_news = false;
  TellLost tell_lost;
  Nanos progress_ns = 0;  // something was written, or nothing had waited
  bool has_thread = false;
  bool is_ending = false;
};

namespace {

/// How much was written; nullopt: the descriptor does not take it.
std::optional<std::size_t> write_some(int descriptor, std::string_view text) noexcept {
  for (;;) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) return static_cast<std::size_t>(written);
    if (errno == EAGAIN) {  // whoever shares the file has made it so
      pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return std::nullopt;
    }
  }
}

void become_output_thread() noexcept {
  pthread_setname_np(pthread_self(), "output");
  sigset_t all;
  sigfillset(&all);  // SIGPIPE above all: a reader that has gone is an error as any other
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

OutputThread::OutputThread(int descriptor) : state_(std::make_shared<State>(descriptor)) {}

OutputThread::~OutputThread() {
  flush();
  const std::lock_guard lock(state_->mutex);
  state_->is_ending = true;
  state_->changed.notify_all();
}

void OutputThread::tell_lost_by(TellLost tell_lost) {
  const std::lock_guard lock(state_->mutex);
  state_->tell_lost = std::move(tell_lost);
}

void OutputThread::write(std::string text) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (!state.has_thread) {
    std::thread([state = state_] { run(state); }).detach();
    state.has_thread = true;
  }
  const bool was_idle = state.waiting.empty() && !state.is_loss_news;
  if (was_idle) state.progress_ns = steady_now_ns();
  const bool has_room = state.waiting.empty() || state.waiting_bytes + text.size() <= output_waiting_bytes_max;
  if (state.lost > 0 || !has_room) {
    ++state.lost;
    state.is_loss_news = true;
  } else {
    state.waiting_bytes += text.size();
    state.waiting.push_back(std::move(text));
  }
  state.changed.notify_all();
}

bool OutputThread::is_idle() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waiting.empty();
}

bool OutputThread::flush() noexcept {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const auto is_done = [&] { return state.waiting.empty() && !state.is_loss_news; };
  while (!is_done()) {
    const Nanos left_ns = state.progress_ns + output_patience_ns - steady_now_ns();
    if (left_ns <= 0) return false;
    state.changed.wait_for(lock, std::chrono::nanoseconds(left_ns));
  }
  return true;
}

void OutputThread::run(const std::shared_ptr<State>& shared) noexcept {
  become_output_thread();
  State& state = *shared;
  std::unique_lock lock(state.mutex);
  const auto put = [&](std::string_view text) {
    while (!text.empty()) {
      lock.unlock();
      const auto written = write_some(state.descriptor, text);
      lock.lock();
      state.progress_ns = steady_now_ns();
      if (!written) return false;
      text.remove_prefix(*written);
    }
    return true;
  };
  const auto tell_lost = [&](std::uint64_t count) {
    try {
      return !state.tell_lost || put(state.tell_lost(count));
    } catch (const std::bad_alloc&) {
      return false;
    }
  };
  do {
    state.changed.wait(lock, [&] { return state.is_ending || state.is_loss_news || !state.waiting.empty(); });
    while (!state.waiting.empty()) {
      // A deque: what is added meanwhile leaves this one where it is.
      if (!put(state.waiting.front())) {
        ++state.lost;
        state.is_loss_news = true;
      }
      state.waiting_bytes -= state.waiting.front().size();
      state.waiting.pop_front();
    }
    if (const std::uint64_t told = state.lost; told > 0) {
      const bool is_told = tell_lost(told);
      if (is_told) state.lost -= told;
      state.is_loss_news =
          is_told && state.lost > 0;  // the others came meanwhile; untold, it is tried with the next one
    }
    state.changed.notify_all();
  } while (!state.is_ending || state.is_loss_news || !state.waiting.empty());
}

OutputThread& standard_output() {
  static OutputThread output(STDOUT_FILENO);
  return output;
}

OutputThread& standard_error() {
  static OutputThread output(STDERR_FILENO);
  return output;
}

}  // namespace tapeline::app
