// Two threads on two CPUs, started at one moment: the frame of every benchmark that measures a hand-over.
//
// Failure   with one usable CPU there is nothing to measure: cpu_pair() is empty.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

namespace tapeline::bench {

struct CpuPair {
  int producer;
  int consumer;
};

/// The first and the last CPU that this process may use; nullopt when they are one.
[[nodiscard]] std::optional<CpuPair> cpu_pair();

/// Where the scheduler must run the calling thread from now on.
void pin_this_thread(int cpu);

inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Seconds from the moment when both threads run until both have returned; `produce` on one CPU, `consume` on the other.
template <class Produce, class Consume>
[[nodiscard]] double seconds_of_both(CpuPair cpus, Produce produce, Consume consume) {
  std::atomic<int> ready{0};
  const auto meet = [&ready] {
    ready.fetch_add(1);
    while (ready.load() != 2) relax();
  };
  std::chrono::steady_clock::time_point began;
  std::thread consumer([&] {
    pin_this_thread(cpus.consumer);
    meet();
    consume();
  });
  std::thread producer([&] {
    pin_this_thread(cpus.producer);
    meet();
    began = std::chrono::steady_clock::now();
    produce();
  });
  producer.join();
  consumer.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace tapeline::bench
