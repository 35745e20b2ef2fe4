// What is to be done now: pure, so that a test can let weeks pass in a millisecond.
//
// Output    In the order of their times, steps of one time in the order of the job. A step that was due several times
//           since is done once, for the newest time; the older ones are skipped, and counted.
#pragma once

#include <vector>

#include "app/schedule/job.hpp"

namespace tapeline::app {

struct Due {
  enum class Decision : std::uint8_t { run, skip };
  const Step* step;
  Nanos scheduled_ns;
  Decision decision;
  std::size_t older = 0;  // times before it that were missed too
};

/// Later than this a run counts as missed.
inline constexpr Nanos punctual_ns = 60 * nanos_per_second;

/// What of `job` has become due in (decided_until_ns, now_ns].
[[nodiscard]] std::vector<Due> due_steps(const Job& job, Nanos decided_until_ns, Nanos now_ns);

}  // namespace tapeline::app
