// The control thread of a running lane: signals, live view or log, the end and the summary.
//
// Output    the live view on a terminal, else one log line now and then on standard error; the summary on standard output.
// Failure   returns the process's exit status: 0 all committed, 1 something was left, 3 fenced by another writer.
#pragma once

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
  LogConfig log;
  LaneService* service = nullptr;  // outlives the call; looks at the lane now and again
};

[[nodiscard]] int control(Lane& lane, const ControlOptions& options);

}  // namespace tapeline::app
