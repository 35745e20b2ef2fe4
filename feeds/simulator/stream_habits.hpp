// What becomes of the market messages of one connection on their way out: the simulator's bad habits.
//
// Ordering  Decided by the number of messages alone, so that a test knows what to expect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feeds/simulator/options.hpp"

namespace tapeline::feeds::simulator {

class StreamHabits {
 public:
  explicit StreamHabits(const SimulatorOptions& options) : options_(options) {}

  /// Calls `send(message)` for what goes out now: never, once or twice, or the one that was held back behind this one.
  template <class Send>
  void pass(std::string_view message, const Send& send) {
    ++count_;
    if (is_due(options_.lose_every)) return;
    if (is_due(options_.swap_every)) {
      held_ = message;
      return;
    }
    send(message);
    if (is_due(options_.duplicate_every)) send(message);
    if (!held_.empty()) {
      send(std::string_view(held_));
      held_.clear();
    }
  }

 private:
  [[nodiscard]] bool is_due(const std::optional<std::uint64_t>& every) const noexcept {
    return every && count_ % *every == 0;
  }

  const SimulatorOptions& options_;
  std::uint64_t count_ = 0;
  std::string held_;
};

}  // namespace tapeline::feeds::simulator
