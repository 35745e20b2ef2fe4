#include "core/runtime/doorbell.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr Nanos minute_ns = 60 * nanos_per_second;

TEST(Doorbell, EndsTheNapOfWhoSleeps) {
  Doorbell bell;
  constexpr int naps_wanted = 20;
  std::atomic<int> naps{0};
  std::thread sleeper([&] {
    while (naps.load() < naps_wanted) {
      bell.wait(minute_ns);
      ++naps;
    }
  });
  // A ring may be lost in the instant in which the other falls asleep: so again and again.
  while (naps.load() < naps_wanted) {
    bell.ring();
    std::this_thread::yield();
  }
  sleeper.join();
  EXPECT_EQ(naps.load(), naps_wanted);
}

TEST(Doorbell, LetsTheNapEndByItself) {
  Doorbell bell;
  const Nanos begin_ns = steady_now_ns();
  bell.wait(2 * nanos_per_millisecond);
  EXPECT_GE(steady_now_ns() - begin_ns, 2 * nanos_per_millisecond);
}

TEST(Doorbell, DoesNotKeepARingThatNobodyWaitedFor) {
  Doorbell bell;
  bell.ring();
  const Nanos begin_ns = steady_now_ns();
  bell.wait(nanos_per_millisecond);
  EXPECT_GE(steady_now_ns() - begin_ns, nanos_per_millisecond);
}

}  // namespace
}  // namespace tapeline
