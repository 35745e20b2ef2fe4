// The pipeline as a table: which links there are, which stage reads and writes which, and on which thread it runs.
//
// Input     declared once at start-up by app/topology.cpp; stages get their ends of the links at construction.
// Failure   problems() lists everything that is wrong with the table, all at once; run nothing unless it is empty.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ring/spsc_ring.hpp"
#include "core/runtime/config.hpp"
#include "core/runtime/stage.hpp"
#include "core/runtime/usable_cpus.hpp"

namespace tapeline {

enum class WhenFull : std::uint8_t {
  backpressure,  // the producer stops and works later
  coalesce,      // the producer goes on: a later record covers an earlier one
};

struct LinkOptions {
  std::size_t capacity;
  WhenFull when_full;
};

/// What a CPU is worth to a stage.
enum class Pace : std::uint8_t {
  prompt,   // on the way from frame to row: it has one to itself, if there are enough
  relaxed,  // waits for servers: shares what is left
};

/// One thread's share of the pipeline, in the order in which its stages are polled.
struct ThreadPlan {
  std::string name;
  std::vector<std::size_t> stages;  // indices into Topology::stages()
  std::optional<int> cpu;
  Idle idle = Idle::backoff;
  Pace pace = Pace::relaxed;  // prompt if one of its stages is
  int realtime_priority = 0;  // SCHED_FIFO; 0: the usual scheduling
};

class Topology {
 public:
  /// What a declared link shows to displays; `depth` may be asked from any thread.
  struct Link {
    std::string name;  // "<producer>_<consumer>"
    LinkOptions options;
    std::size_t (*depth)(const void* ring) noexcept;
    const void* ring;
  };
  struct Declared {
    Stage* stage;
    std::vector<const void*> reads;
    std::vector<const void*> writes;
    int thread;  // stages with equal numbers share a thread
    Pace pace;
  };

  /// Owned by the topology, lives as long as it does.
  template <class T>
  SpscRing<T>& link(LinkOptions options) {
    auto ring = std::make_shared<SpscRing<T>>(options.capacity);
    links_.push_back(
        {"", options,
         [](const void* opaque) noexcept { return static_cast<const SpscRing<T>*>(opaque)->depth_approx(); },
         ring.get()});
    rings_.push_back(ring);
    return *ring;
  }

  /// Stages are polled and drained in the order of declaration: upstream first.
  void stage(Stage& stage, std::vector<const void*> reads, std::vector<const void*> writes, int thread,
             Pace pace = Pace::prompt);

  /// Everything wrong with the table: a link without producer or consumer, two of either, a circle.
  [[nodiscard]] std::vector<std::string> problems() const;
  /// Names the links after their ends. Precondition: problems() is empty.
  void name_links();

  /// Which threads there will be, and where. Prompt threads get the last CPUs, one each if that leaves one for the relaxed;
  /// with four CPUs or more they spin then. Under a quota only the configuration pins.
  [[nodiscard]] std::vector<ThreadPlan> plan(const UsableCpus& cpus, const RuntimeConfig& config) const;
  /// The table as text: threads with their stages, links with capacity and policy.
  [[nodiscard]] std::string describe(const std::vector<ThreadPlan>& threads) const;

  [[nodiscard]] const std::vector<Link>& links() const noexcept { return links_; }
  [[nodiscard]] const std::vector<Declared>& stages() const noexcept { return stages_; }

 private:
  [[nodiscard]] std::vector<std::size_t> upstream_of(std::size_t stage) const;

  std::vector<std::shared_ptr<void>> rings_;
  std::vector<Link> links_;
  std::vector<Declared> stages_;
};

}  // namespace tapeline
