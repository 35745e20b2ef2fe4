// A run of the whole pipeline under faults, decided by a seed: the same seed, the same run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tapeline::simulation {

struct Verdict {
  std::vector<std::string> events;  // what was done to it, in order
  std::size_t faults = 0;
  std::vector<std::string> differences;  // empty: every row and alert is there, once
  std::size_t rows = 0;                  // compared
  bool is_refused = false;  // the power cut took from the journal what the database has: it ended, and said so
};

/// Never throws: what the code under test throws is a difference.
[[nodiscard]] Verdict simulate(std::uint64_t seed);

}  // namespace tapeline::simulation
