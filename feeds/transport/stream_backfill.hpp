// The trades that are to be asked for, in what order and when: gaps, symbols that are silent, symbols never heard of.
//
// Input     what is missing; what an answer held. Time is an argument.
// Output    one request at a time, spaced; a gap over several answers in several requests.
// Failure   Trouble is waited out with a growing pause, a refusal and an answer without any of the trades end what was
//           wanted: take_failures() says which, and why.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "feeds/transport/backoff.hpp"
#include "feeds/transport/stream_plan.hpp"

namespace tapeline::feeds {

/// Ids from `first` to `last` of a symbol; `last` BackfillRange::newest: whatever there is, which may be nothing.
struct WantedTrades {
  std::size_t symbol = 0;
  std::uint64_t first = 0;  // 0: the newest one alone
  std::uint64_t last = BackfillRange::newest;
  Nanos since_ns = 0;
  Nanos due_ns = 0;
  int tries = 0;

  [[nodiscard]] bool is_open_ended() const noexcept { return last == BackfillRange::newest; }
};

/// What an answer held of what was asked for.
struct AnsweredTrades {
  std::uint64_t lowest = 0;  // 0: nothing
  std::uint64_t highest = 0;
  std::size_t count = 0;
  Nanos newest_event_ns = 0;
};

struct FailedTrades {
  WantedTrades wanted;
  std::string why;
};

class StreamBackfill {
 public:
  explicit StreamBackfill(const BackfillPlan& plan);

  /// Wanted already, wholly or in part: what is new of it joins.
  void want(const WantedTrades& wanted);
  /// What is asked for now; nullopt while a request is under way, or nothing is due.
  [[nodiscard]] std::optional<WantedTrades> next(Nanos now_ns);

  // What became of the request under way.
  void answered(const AnsweredTrades& answer, Nanos now_ns);
  void refused(std::string why);
  void troubled(std::string why, Nanos pause_ns, std::uint64_t random, Nanos now_ns);

  /// The answer was the last of what was wanted, and there is nothing beyond it.
  [[nodiscard]] bool is_busy() const noexcept { return under_way_.has_value(); }
  [[nodiscard]] const std::optional<WantedTrades>& under_way() const noexcept { return under_way_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return wanted_.size() + (under_way_ ? 1 : 0); }
  [[nodiscard]] std::vector<FailedTrades> take_failures() { return std::exchange(failures_, {}); }

 private:
  void go_on(WantedTrades rest, Nanos now_ns);

  const BackfillPlan& plan_;
  std::deque<WantedTrades> wanted_;
  std::optional<WantedTrades> under_way_;
  std::vector<FailedTrades> failures_;
  Backoff backoff_;
  Nanos not_before_ns_ = 0;
};

}  // namespace tapeline::feeds
