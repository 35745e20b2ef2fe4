#include "core/runtime/topology.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include <sched.h>

namespace tapeline {
namespace {

bool holds(const std::vector<const void*>& ends, const void* ring) noexcept {
  return std::find(ends.begin(), ends.end(), ring) != ends.end();
}

/// CPUs that the cgroup pays for: quota / period of cgroup v2, else v1; nullopt: no limit.
std::optional<double> cgroup_cpu_quota() {
  if (std::ifstream unified("/sys/fs/cgroup/cpu.max"); unified) {
    std::string quota;
    double period = 0;
    if (unified >> quota >> period && quota != "max" && period > 0) return std::stod(quota) / period;
    return std::nullopt;
  }
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota = -1;
  double period = 0;
  if (quota_file >> quota && period_file >> period && quota > 0 && period > 0) return quota / period;
  return std::nullopt;
}

/// With fewer, a CPU that is burnt is missed by the database, or by whoever else is at work there.
constexpr std::size_t cpus_to_spin = 4;

Idle idle_of(Pace pace, Idle configured, bool may_spin) noexcept {
  switch (configured) {
    case Idle::automatic: return pace == Pace::prompt && may_spin ? Idle::spin : Idle::backoff;
    case Idle::spin:
    case Idle::yield: return pace == Pace::prompt ? configured : Idle::backoff;
    case Idle::backoff:
    case Idle::park:
    case Idle::power_save: return configured;
  }
  return configured;
}

const char* to_string(WhenFull when_full) noexcept {
  return when_full == WhenFull::backpressure ? "backpressure" : "coalesce";
}

}  // namespace

std::vector<int> usable_cpus() {
  std::vector<int> cpus;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &mask)) cpus.push_back(static_cast<int>(cpu));
    }
  }
  if (cpus.empty()) cpus.push_back(0);
  if (const auto quota = cgroup_cpu_quota()) {
    const auto paid = static_cast<std::size_t>(std::max(1.0, std::floor(*quota)));
    if (paid < cpus.size()) cpus.resize(paid);
  }
  return cpus;
}

void Topology::stage(Stage& stage, std::vector<const void*> reads, std::vector<const void*> writes, int thread,
                     Pace pace) {
  stages_.push_back({&stage, std::move(reads), std::move(writes), thread, pace});
}

std::vector<std::string> Topology::problems() const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const auto ends = [&](auto member) {
      return std::count_if(stages_.begin(), stages_.end(),
                           [&](const Declared& s) { return holds(s.*member, links_[i].ring); });
    };
    const std::string name = "link " + std::to_string(i + 1);
    const auto producers = ends(&Declared::writes);
    const auto consumers = ends(&Declared::reads);
    if (producers != 1)
      found.push_back(name + " has " + std::to_string(producers) + " producers; a ring takes exactly one");
    if (consumers != 1)
      found.push_back(name + " has " + std::to_string(consumers) + " consumers; a ring takes exactly one");
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    for (const std::size_t upstream : upstream_of(i)) {
      if (upstream >= i) {
        found.push_back("stage " + std::string(stages_[i].stage->name()) + " reads from " +
                        std::string(stages_[upstream].stage->name()) +
                        ", which is declared after it; declare stages from source to sink, without a circle");
      }
    }
  }
  return found;
}

std::vector<std::size_t> Topology::upstream_of(std::size_t stage) const {
  std::vector<std::size_t> upstream;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const bool feeds_us = std::any_of(stages_[i].writes.begin(), stages_[i].writes.end(),
                                      [&](const void* ring) { return holds(stages_[stage].reads, ring); });
    if (feeds_us) upstream.push_back(i);
  }
  return upstream;
}

void Topology::name_links() {
  for (Link& link : links_) {
    std::string producer;
    std::string consumer;
    for (const Declared& declared : stages_) {
      if (holds(declared.writes, link.ring)) producer = declared.stage->name();
      if (holds(declared.reads, link.ring)) consumer = declared.stage->name();
    }
    link.name = producer + "_" + consumer;
  }
}

std::vector<ThreadPlan> Topology::plan(const std::vector<int>& cpus, const RuntimeConfig& config) const {
  std::vector<ThreadPlan> threads;
  std::vector<int> numbers;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const auto known = std::find(numbers.begin(), numbers.end(), stages_[i].thread);
    const auto index = static_cast<std::size_t>(known - numbers.begin());
    if (known == numbers.end()) {
      numbers.push_back(stages_[i].thread);
      threads.emplace_back();
    }
    ThreadPlan& thread = threads[index];
    if (!thread.name.empty()) thread.name += '+';
    thread.name += stages_[i].stage->name();
    thread.stages.push_back(i);
    if (stages_[i].pace == Pace::prompt) thread.pace = Pace::prompt;
  }
  const std::vector<int>& pinned = config.cpus.empty() ? cpus : config.cpus;
  const auto prompt = static_cast<std::size_t>(std::count_if(
      threads.begin(), threads.end(), [](const ThreadPlan& thread) { return thread.pace == Pace::prompt; }));
  const std::size_t shared = prompt < threads.size() ? 1 : 0;
  const bool has_cpu_each = prompt + shared <= pinned.size();
  // The hot path gets the last CPUs: the first one serves most interrupts. With one CPU there is nothing to choose.
  const std::size_t left = has_cpu_each ? pinned.size() - prompt : pinned.size();
  std::size_t prompt_before = 0;
  std::size_t relaxed_before = 0;
  for (ThreadPlan& thread : threads) {
    const bool is_prompt = thread.pace == Pace::prompt;
    const std::size_t place =
        is_prompt ? pinned.size() - 1 - prompt_before++ % pinned.size() : left - 1 - relaxed_before++ % left;
    if (pinned.size() > 1) thread.cpu = pinned[place];
    if (is_prompt) thread.realtime_priority = config.realtime_priority;
    thread.idle = idle_of(thread.pace, config.idle, has_cpu_each && pinned.size() >= cpus_to_spin);
  }
  return threads;
}

std::string Topology::describe(const std::vector<ThreadPlan>& threads) const {
  std::string text;
  for (const ThreadPlan& thread : threads) {
    text += "thread  " + thread.name + "  cpu " + (thread.cpu ? std::to_string(*thread.cpu) : "any") + "  idle " +
            to_string(thread.idle);
    if (thread.realtime_priority > 0) text += "  SCHED_FIFO " + std::to_string(thread.realtime_priority);
    text += '\n';
  }
  for (const Link& link : links_) {
    text += "link    " + link.name + "  capacity " + std::to_string(link.options.capacity) + "  when full " +
            to_string(link.options.when_full) + '\n';
  }
  return text;
}

}  // namespace tapeline
