// The control thread of a running lane: signals, live view or log, the end and the summary.
//
// Output    the live view on a terminal, else one log line now and then on standard error; the summary on standard output.
// Failure   returns the process's exit status: 0 all committed, 1 something was left, 3 fenced by another writer.
#pragma once

#include <functional>
#include <optional>

#include "app/config/config.hpp"
#include "app/lane.hpp"
#include "app/service/lane_service.hpp"

namespace tapeline::app {

enum class Display { automatic, log, none };
enum class Summary { text, json, none };

struct ControlOptions {
  std::optional<double> for_seconds;  // then it ends by itself
  Display display = Display::automatic;
  Summary summary = Summary::text;
  bool until_exhausted = false;   // ends when the recordings have been read
  bool until_round_done = false;  // ends when every polled source has been asked once
  std::function<bool()> until;    // ends when it says so; empty: never
  LogConfig log;
  LaneService* service = nullptr;  // outlives the call; looks at the lane now and again
  /// Asked on SIGHUP: whether the lane shall end, to be made anew. Empty: SIGHUP ends it as SIGTERM does.
  std::function<bool()> wants_reload;
};

/// What control() returns instead of an exit status when the lane has drained to be made anew.
inline constexpr int ended_to_reload = -1;
/// And when the database had lost what it had acknowledged: the lane made anew writes it again.
inline constexpr int ended_to_write_again = -2;

[[nodiscard]] int control(Lane& lane, const ControlOptions& options);

}  // namespace tapeline::app
