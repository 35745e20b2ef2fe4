#include "bench/support/two_threads.hpp"

#include <pthread.h>
#include <sched.h>

#include "core/runtime/topology.hpp"

namespace tapeline::bench {

std::optional<CpuPair> cpu_pair() {
  const std::vector<int> cpus = usable_cpus();
  if (cpus.size() < 2) return std::nullopt;
  return CpuPair{cpus.front(), cpus.back()};
}

void pin_this_thread(int cpu) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(static_cast<std::size_t>(cpu), &mask);
  pthread_setaffinity_np(pthread_self(), sizeof mask, &mask);
}

}  // namespace tapeline::bench
