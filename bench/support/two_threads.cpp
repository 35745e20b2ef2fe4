#include "bench/support/two_threads.hpp"

#include <pthread.h>
#include <sched.h>

#include "core/runtime/usable_cpus.hpp"

namespace tapeline::bench {

std::optional<CpuPair> cpu_pair() {
  const UsableCpus cpus = usable_cpus();
  if (cpus.count < 2) return std::nullopt;
  return CpuPair{cpus.affinity.front(), cpus.affinity.back()};
}

void pin_this_thread(int cpu) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(static_cast<std::size_t>(cpu), &mask);
  pthread_setaffinity_np(pthread_self(), sizeof mask, &mask);
}

}  // namespace tapeline::bench
