// technicalindicators, what JavaScript streams indicators with: its nextValue() in a node of its own, a pass at a time.
//
// Input     TAPELINE_BENCH_TECHNICALINDICATORS: the folder of the package (./dev bench finds it). Without it, or without
//           node, there is no such row.
// Timed     by node itself, so that neither its start counts nor what is said between us. One node for all repetitions:
//           what is hot has been compiled in the pass whose values are checked.
// Checked   as the others are; RSI as far as it can be, for the package rounds it to two decimals.
#include <array>
#include <cstdlib>
#include <limits>

#include <benchmark/benchmark.h>
#include <boost/asio/local/stream_protocol.hpp>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/core/indicators/trio/scenario.hpp"

namespace tapeline::bench::trio {
namespace {

// From the root, where run.py begins.
constexpr const char* script = "bench/core/indicators/trio/technicalindicators.js";
constexpr double rsi_tolerance = 0.005 + 1e-6;

const char* package() { return std::getenv("TAPELINE_BENCH_TECHNICALINDICATORS"); }

class Node {
 public:
  Node() {
    std::array<int, 2> ends{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const std::array<const char*, 4> words{"node", script, package(), nullptr};
    pid_t pid = 0;
    posix_spawnp(&pid, words[0], &actions, nullptr, const_cast<char* const*>(words.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);  // theirs alone now: if node is not there, or no longer, what we read ends
    stream_.socket().assign({}, ends[0]);
  }

  /// Of the first pass; fewer than there are closes if node does not answer.
  std::vector<Values> values() {
    stream_.precision(std::numeric_limits<double>::max_digits10);
    for (const double price : prices()) stream_ << price << ' ';
    stream_ << std::endl;
    std::vector<Values> all;
    Values now{};
    while (all.size() < closes_count && stream_ >> now.rsi >> now.sma >> now.upper >> now.lower) all.push_back(now);
    return all;
  }

  /// Of one more pass; 0 if node does not answer.
  double seconds() {
    double microseconds = 0;
    stream_ << std::endl;
    stream_ >> microseconds;
    return microseconds / 1e6;
  }

 private:
  boost::asio::local::stream_protocol::iostream stream_;
};

void streaming(benchmark::State& state) {
  static Node node;
  static const std::vector<Values> values = node.values();
  if (values.size() != closes_count) return state.SkipWithError("node does not answer");
  if (!are_right(values, {.rsi_tolerance = rsi_tolerance})) return state.SkipWithError("the values are wrong");
  for (auto _ : state) {
    const double seconds = node.seconds();
    if (seconds == 0) return state.SkipWithError("node no longer answers");
    state.SetIterationTime(seconds);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(closes_count));
}

[[maybe_unused]] const bool is_there = [] {
  if (package() == nullptr) return false;
  benchmark::RegisterBenchmark("core/indicators/trio/one/technicalindicators", streaming)->UseManualTime();
  return true;
}();

}  // namespace
}  // namespace tapeline::bench::trio
