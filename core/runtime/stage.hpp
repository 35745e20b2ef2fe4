// A unit of the pipeline that a thread runs in turn with others: poll it, and it says how much it did.
//
// Threads   A stage belongs to one thread and owns its state; rings are its only way to others. A doorbell only ends a nap.
// Failure   poll() never throws: what can fail is counted, and told to operations.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/time.hpp"

namespace tapeline {

class Stage {
 public:
  virtual ~Stage() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Does what can be done without waiting, a bounded amount; returns how many items, 0 when there was nothing.
  virtual std::size_t poll() noexcept = 0;
  /// Waits for new work at most `timeout_ns`; called only when every stage of the thread was idle. A stage that owns
  /// something to wait on (a socket) waits there and returns true; false: the thread sleeps on its own account.
  virtual bool wait(Nanos /*timeout_ns*/) noexcept { return false; }
  /// Shutdown, in topological order, after everything upstream has drained: true once nothing is left to do.
  /// Called repeatedly between polls until true or the drain deadline.
  virtual bool drained() noexcept = 0;
};

}  // namespace tapeline
