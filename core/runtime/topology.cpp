#include "core/runtime/topology.hpp"

#include <algorithm>

namespace tapeline {
namespace {

bool holds(const std::vector<const void*>& ends, const void* ring) noexcept {
  return std::find(ends.begin(), ends.end(), ring) != ends.end();
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

std::vector<ThreadPlan> Topology::plan(const UsableCpus& cpus, const RuntimeConfig& config) const {
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
  const std::vector<int> pinned = cpus.to_pin(config.cpus);
  const auto prompt = static_cast<std::size_t>(std::count_if(
      threads.begin(), threads.end(), [](const ThreadPlan& thread) { return thread.pace == Pace::prompt; }));
  const std::size_t shared = prompt < threads.size() ? 1 : 0;
  const bool has_cpu_each = prompt + shared <= pinned.size();
  // What spins is paid for out of the quota, too: the whole process is stopped when that is used up.
  const bool may_spin = has_cpu_each && cpus.count_within(pinned) >= std::max(cpus_to_spin, prompt + shared);
  // The hot path gets the last CPUs: the first one serves most interrupts.
  const std::size_t left = has_cpu_each ? pinned.size() - prompt : pinned.size();
  std::size_t prompt_before = 0;
  std::size_t relaxed_before = 0;
  for (ThreadPlan& thread : threads) {
    const bool is_prompt = thread.pace == Pace::prompt;
    if (!pinned.empty()) {
      thread.cpu =
          pinned[is_prompt ? pinned.size() - 1 - prompt_before++ % pinned.size() : left - 1 - relaxed_before++ % left];
    }
    if (is_prompt) thread.realtime_priority = config.realtime_priority;
    thread.idle = idle_of(thread.pace, config.idle, may_spin);
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
