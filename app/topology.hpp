// The pipeline on one page: links, stages and which of them share a thread.
#pragma once

#include "core/model/event.hpp"
#include "core/model/row.hpp"
#include "core/model/update.hpp"
#include "core/runtime/topology.hpp"
#include "core/stages/journal_mark.hpp"

namespace tapeline::app {

/// The four rings of a lane.
struct Links {
  SpscRing<JournalMark>& marks;   // poller_parser
  SpscRing<MarketEvent>& events;  // parser_kernels
  SpscRing<Row>& rows;            // kernels_writer
  SpscRing<Update>& updates;      // kernels_cache
};

struct Stages {
  Stage& poller;
  Stage& parser;
  Stage& kernels;
  Stage& writer;
  Stage& cache;
};

[[nodiscard]] Links declare_links(Topology& topology, const RuntimeConfig& config);

/// Throws std::logic_error with every problem of the table: it is ours, not the user's.
void declare_stages(Topology& topology, const Links& links, const Stages& stages, const RuntimeConfig& config,
                    const UsableCpus& cpus);

/// Of the CPUs that the lane keeps to, those that threads from frame to row leave alone; none where one of them may run
/// anywhere.
[[nodiscard]] std::vector<int> cpus_beside_path(const std::vector<ThreadPlan>& threads, const UsableCpus& cpus,
                                                const RuntimeConfig& config);

}  // namespace tapeline::app
