#include "app/topology.hpp"

#include <stdexcept>

namespace tapeline::app {

// clang-format off
Links declare_links(Topology& topology, const RuntimeConfig& config) {
  using enum WhenFull;
  //                                                capacity              when full
  auto& marks   = topology.link<JournalMark>({config.ring_marks,   coalesce});      // the next mark says it all
  auto& events  = topology.link<MarketEvent>({config.ring_events,  backpressure});  // the journal holds the rest
  auto& rows    = topology.link<Row>        ({config.ring_rows,    backpressure});
  auto& updates = topology.link<Update>     ({config.ring_updates, coalesce});      // newest per key; alerts wait
  return {marks, events, rows, updates};
}

void declare_stages(Topology& topology, const Links& links, const Stages& stages, const RuntimeConfig& config,
                    const UsableCpus& cpus) {
  using enum Pace;
  // A hand-over between threads pays only where each of them has a core: the two sinks block on sockets and need little.
  const bool has_core_each = cpus.count_within(config.cpus) >= 4 && config.idle != Idle::power_save;
  const bool split = config.threads == Threads::split || (config.threads == Threads::automatic && has_core_each);
  const int poller = 0, parser = split ? 1 : 0, kernels = split ? 2 : 0, writer = 3, cache = 4;
  //              stage           reads             writes                          thread   pace
  topology.stage(stages.poller,  {},               {&links.marks},                 poller,  prompt);
  topology.stage(stages.parser,  {&links.marks},   {&links.events},                parser,  prompt);
  topology.stage(stages.kernels, {&links.events},  {&links.rows, &links.updates},  kernels, prompt);
  topology.stage(stages.writer,  {&links.rows},    {},                             writer,  relaxed);
  topology.stage(stages.cache,   {&links.updates}, {},                             cache,   relaxed);
  // clang-format on
  std::string problems;
  for (const std::string& problem : topology.problems()) problems += problem + '\n';
  if (!problems.empty()) throw std::logic_error(problems);
  topology.name_links();
}

std::vector<int> cpus_beside_path(const std::vector<ThreadPlan>& threads, const UsableCpus& cpus,
                                  const RuntimeConfig& config) {
  std::vector<int> beside = config.cpus.empty() ? cpus.affinity : config.cpus;
  for (const ThreadPlan& thread : threads) {
    if (thread.pace != Pace::prompt) continue;
    if (!thread.cpu) return {};
    std::erase(beside, *thread.cpu);
  }
  return beside;
}

}  // namespace tapeline::app
