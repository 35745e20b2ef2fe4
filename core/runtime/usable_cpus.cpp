#include "core/runtime/usable_cpus.hpp"

#include <algorithm>
#include <cmath>

#include <sched.h>

#include "core/runtime/cpu_quota.hpp"

namespace tapeline {

UsableCpus::UsableCpus(std::vector<int> cpus, std::optional<double> quota)
    : affinity(std::move(cpus)), count(affinity.size()) {
  if (quota && *quota < static_cast<double>(count)) count = static_cast<std::size_t>(std::max(1.0, std::floor(*quota)));
}

bool UsableCpus::may_pin_to(int cpu) const noexcept {
  return std::find(affinity.begin(), affinity.end(), cpu) != affinity.end();
}

std::size_t UsableCpus::count_within(const std::vector<int>& chosen) const noexcept {
  return chosen.empty() ? count : std::min(count, chosen.size());
}

std::vector<int> UsableCpus::to_pin(const std::vector<int>& chosen) const {
  if (!chosen.empty()) return chosen;
  // With one CPU there is nothing to choose.
  if (has_quota() || affinity.size() == 1) return {};
  return affinity;
}

std::string UsableCpus::describe() const {
  if (!has_quota()) return {};
  return "cpus    " + std::to_string(count) + " of " + std::to_string(affinity.size()) +
         " by the quota of the cgroup: threads are pinned to those of runtime.cpus, or to none\n";
}

UsableCpus usable_cpus() {
  std::vector<int> cpus;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &mask)) cpus.push_back(static_cast<int>(cpu));
    }
  }
  if (cpus.empty()) cpus.push_back(0);
  return UsableCpus(std::move(cpus), cpu_quota());
}

}  // namespace tapeline
