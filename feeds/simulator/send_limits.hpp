// What becomes of the next market message of a connection, by how many went before: the simulator's bad habits.
#pragma once

#include <cstdint>

#include "feeds/simulator/options.hpp"

namespace tapeline::feeds::simulator {

enum class Verdict { send, send_then_close, send_then_drop, withhold };

class SendLimits {
 public:
  explicit SendLimits(const SimulatorOptions& options)
      : close_at_(options.messages_max), drop_at_(options.drop_connection_every), silent_after_(options.silent_after) {}

  [[nodiscard]] Verdict next() noexcept {
    if (silent_after_ && sent_ >= *silent_after_) return Verdict::withhold;
    ++sent_;
    if (close_at_ && sent_ >= *close_at_) return Verdict::send_then_close;
    if (drop_at_ && sent_ >= *drop_at_) return Verdict::send_then_drop;
    return Verdict::send;
  }

 private:
  std::optional<std::uint64_t> close_at_;
  std::optional<std::uint64_t> drop_at_;
  std::optional<std::uint64_t> silent_after_;
  std::uint64_t sent_ = 0;
};

}  // namespace tapeline::feeds::simulator
