// Writes texts to standard output or standard error by a thread of its own: who hands one over never waits for who reads it.
//
// The descriptor stays as it is: its file may be shared with the parent, who would see O_NONBLOCK, too.
//
// Threads   write() and flush() from any. The thread is made by the first text, and left to the end of the process where it
//           hangs in a write that nobody reads.
// Ordering  Whole texts, in the order given.
// Failure   Nobody reads, and more than `output_waiting_bytes_max` wait: texts are left out until all that waited is written;
//           how many were is then said in their place. So it is for those that the descriptor does not take (a full disk).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/time.hpp"

namespace tapeline::app {

inline constexpr std::size_t output_waiting_bytes_max = std::size_t{1} << 20;
/// At the end: who has read nothing for so long is not waited for.
inline constexpr Nanos output_patience_ns = 2 * nanos_per_second;

class OutputThread {
 public:
  /// What stands in the place of so many texts; called by the thread. Empty: nothing.
  using TellLost = std::function<std::string(std::uint64_t)>;

  explicit OutputThread(int descriptor);
  ~OutputThread();
  OutputThread(const OutputThread&) = delete;
  OutputThread& operator=(const OutputThread&) = delete;

  void tell_lost_by(TellLost tell_lost);
  void write(std::string text);
  /// Nothing waits: what would be out of date by the time that it is read need not be handed over before.
  [[nodiscard]] bool is_idle() const;
  /// Waits until everything is written; false: who reads it has stood still for too long.
  bool flush() noexcept;

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state) noexcept;

  std::shared_ptr<State> state_;  // the thread's, too
};

/// Those of the process. Everything that `tapeline run` says goes through them.
[[nodiscard]] OutputThread& standard_output();
[[nodiscard]] OutputThread& standard_error();

}  // namespace tapeline::app
