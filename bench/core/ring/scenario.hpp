// One thread hands messages to another: how many a second, and how long a message takes there and back.
//
// A regression here means that a hand-over between two stages costs more cache-line transfers than it must.
//
// A contender is a class template over the message:
//   explicit Contender(std::size_t capacity);
//   void send(count, fill)      calls fill(message&, i) for i in [0, count) and hands them over; waits while full
//   void receive(count, read)   calls read(const message&) for as many, in order; waits while empty
// How it batches is its own affair: each does what its documentation calls the fastest.
//
// Checked   in every timed run the sum of all words must be that of the messages sent.
// Units     A repetition is the shortest of many bursts of a few milliseconds: two threads that wait for each other measure
//           the scheduler instead, as soon as something else gets one of their CPUs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "bench/support/two_threads.hpp"
#include "core/base/time.hpp"

namespace tapeline::bench::ring {

inline constexpr std::size_t capacity = 4'096;
/// Messages that a contender which can hand over many at once takes together.
inline constexpr std::size_t batch = 256;

struct Small {
  std::uint64_t word;
};
struct alignas(64) Line {
  std::uint64_t words[8];
};

inline void fill(Small& message, std::uint64_t i) noexcept { message.word = i; }
inline void fill(Line& message, std::uint64_t i) noexcept {
  for (std::uint64_t& word : message.words) word = i++;
}
inline std::uint64_t sum(const Small& message) noexcept { return message.word; }
inline std::uint64_t sum(const Line& message) noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t word : message.words) sum += word;
  return sum;
}
template <class Message>
std::uint64_t sum_of_all(std::uint64_t count) noexcept {
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Message message;
    fill(message, i);
    total += sum(message);
  }
  return total;
}

/// The shortest of many bursts: until three agree within 2 %, for a second at most.
class Shortest {
 public:
  [[nodiscard]] bool wants_more() const noexcept {
    return count_ < 3 || (seconds_[2] > 1.02 * seconds_[0] && steady_now_ns() - began_ns_ < nanos_per_second);
  }
  void add(double seconds) noexcept {
    ++count_;
    for (double& held : seconds_) {
      if (seconds < held) std::swap(seconds, held);
    }
  }
  [[nodiscard]] double seconds() const noexcept { return seconds_[0]; }

 private:
  std::array<double, 3> seconds_{1e9, 1e9, 1e9};
  int count_ = 0;
  Nanos began_ns_ = steady_now_ns();
};

template <template <class> class Contender, class Message>
void throughput(benchmark::State& state) {
  const auto cpus = cpu_pair();
  if (!cpus) return state.SkipWithError("needs two CPUs");
  constexpr std::uint64_t count = 64 * 4'096;
  static const std::uint64_t expected = sum_of_all<Message>(count);
  for (auto _ : state) {
    Shortest shortest;
    while (shortest.wants_more()) {
      Contender<Message> contender(capacity);
      std::uint64_t total = 0;
      const double taken = seconds_of_both(
          *cpus, [&] { contender.send(count, [](Message& message, std::uint64_t i) { fill(message, i); }); },
          [&] {
            std::uint64_t local = 0;
            contender.receive(count, [&local](const Message& message) { local += sum(message); });
            total = local;
          });
      if (total != expected) return state.SkipWithError("the sum of what arrived is wrong");
      shortest.add(taken);
    }
    state.SetIterationTime(shortest.seconds());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count) * state.iterations());
}

template <template <class> class Contender>
void round_trip(benchmark::State& state) {
  const auto cpus = cpu_pair();
  if (!cpus) return state.SkipWithError("needs two CPUs");
  constexpr std::uint64_t count = 2'000;
  for (auto _ : state) {
    Shortest shortest;
    while (shortest.wants_more()) {
      Contender<Line> there(capacity);
      Contender<Line> back(capacity);
      bool is_right = true;
      const double taken = seconds_of_both(
          *cpus,
          [&] {
            for (std::uint64_t i = 0; i < count; ++i) {
              there.send(1, [i](Line& message, std::uint64_t) { fill(message, i); });
              back.receive(1, [&](const Line& message) { is_right = is_right && message.words[0] == i; });
            }
          },
          [&] {
            for (std::uint64_t i = 0; i < count; ++i) {
              Line held;
              there.receive(1, [&held](const Line& message) { held = message; });
              back.send(1, [&held](Line& message, std::uint64_t) { message = held; });
            }
          });
      if (!is_right) return state.SkipWithError("a message came back changed");
      shortest.add(taken);
    }
    state.SetIterationTime(shortest.seconds());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count) * state.iterations());
}

/// Registers the contender's three benchmarks under its name.
template <template <class> class Contender>
int contend(const std::string& name) {
  const auto as_measured = [](benchmark::internal::Benchmark* benchmark) {
    benchmark->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(1);
  };
  as_measured(benchmark::RegisterBenchmark(("core/ring/line_64/" + name).c_str(), throughput<Contender, Line>));
  as_measured(benchmark::RegisterBenchmark(("core/ring/word_8/" + name).c_str(), throughput<Contender, Small>));
  as_measured(benchmark::RegisterBenchmark(("core/ring/round_trip/" + name).c_str(), round_trip<Contender>));
  return 0;
}

}  // namespace tapeline::bench::ring
