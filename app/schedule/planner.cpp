#include "app/schedule/planner.hpp"

#include <algorithm>

namespace tapeline::app {

std::vector<Due> due_steps(const Job& job, Nanos decided_until_ns, Nanos now_ns) {
  std::vector<Due> all;
  for (const Step& step : job.steps) {
    std::size_t times = 0;
    Nanos newest_ns = decided_until_ns;
    while (const auto next = step.cron.next(newest_ns, *job.zone, job.days)) {
      if (*next > now_ns) break;
      newest_ns = *next;
      ++times;
    }
    if (times == 0) continue;
    const Nanos late_ns = now_ns - newest_ns;
    const bool is_wanted = late_ns <= punctual_ns || (job.missed == Missed::catch_up && late_ns <= job.catch_up_ns);
    all.push_back({.step = &step,
                   .scheduled_ns = newest_ns,
                   .decision = is_wanted ? Due::Decision::run : Due::Decision::skip,
                   .older = times - 1});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Due& left, const Due& right) { return left.scheduled_ns < right.scheduled_ns; });
  return all;
}

}  // namespace tapeline::app
