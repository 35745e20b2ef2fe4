#include "core/quality/cadence.hpp"

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr Nanos second = nanos_per_second;
constexpr Cadence::Limits limits{20, 60 * second};

/// Lets the clock tell every second until `until_ns`; how often it said "silent".
int listen(Cadence& cadence, Nanos& now_ns, Nanos until_ns) {
  int silences = 0;
  while (now_ns + second <= until_ns) {
    now_ns += second;
    silences += cadence.silent(now_ns, limits) ? 1 : 0;
  }
  return silences;
}

/// Arrivals every `gap_ns` while the clock ticks; how many silences were told.
int arrive_every(Cadence& cadence, Nanos& now_ns, Nanos gap_ns, int count) {
  int silences = 0;
  for (int i = 0; i < count; ++i) {
    silences += listen(cadence, now_ns, now_ns + gap_ns);
    cadence.arrive(now_ns, limits);
  }
  return silences;
}

TEST(Cadence, LearnsARegularOne) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  EXPECT_EQ(arrive_every(cadence, now_ns, 10 * second, 200), 0);
  EXPECT_EQ(cadence.cadence_ns(), 10 * second);
}

TEST(Cadence, TellsASilenceOnceAndAgainAfterTheNextArrival) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  arrive_every(cadence, now_ns, 10 * second, 200);
  EXPECT_EQ(listen(cadence, now_ns, now_ns + 200 * second), 0);
  EXPECT_EQ(listen(cadence, now_ns, now_ns + second), 1);
  EXPECT_EQ(listen(cadence, now_ns, now_ns + 5'000 * second), 0);
  cadence.arrive(now_ns, limits);
  EXPECT_EQ(listen(cadence, now_ns, now_ns + 5'000 * second), 1);
}

TEST(Cadence, IsNeverSilentSoonerThanTheLeastLimit) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  arrive_every(cadence, now_ns, second, 200);
  EXPECT_EQ(listen(cadence, now_ns, now_ns + 60 * second), 0);
  EXPECT_EQ(listen(cadence, now_ns, now_ns + second), 1);
}

TEST(Cadence, NeedsEightGapsBeforeItJudges) {
  Cadence eight;
  Nanos now_ns = 1'000 * second;
  arrive_every(eight, now_ns, second, 8);
  EXPECT_EQ(listen(eight, now_ns, now_ns + 50'000 * second), 0);
  Cadence nine;
  arrive_every(nine, now_ns, second, 9);
  EXPECT_EQ(listen(nine, now_ns, now_ns + 50'000 * second), 1);
}

TEST(Cadence, ABurstDoesNotMakeTheQuietBetweenBurstsASilence) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  int silences = 0;
  for (int burst = 0; burst < 50; ++burst) {
    silences += arrive_every(cadence, now_ns, 120 * second, 1);
    for (int i = 0; i < 1'000; ++i) cadence.arrive(now_ns += nanos_per_millisecond, limits);
    if (burst == 9) silences = 0;  // it may wonder while it learns
  }
  EXPECT_EQ(silences, 0);
  EXPECT_GT(cadence.cadence_ns(), 100 * second);
}

TEST(Cadence, OneNightTeachesNoNights) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  arrive_every(cadence, now_ns, second, 2'000);
  arrive_every(cadence, now_ns, 17 * 3'600 * second, 1);
  EXPECT_LT(cadence.cadence_ns(), 6 * second);
}

TEST(Cadence, LearnsThatASymbolHasBecomeSlower) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  arrive_every(cadence, now_ns, second, 2'000);
  EXPECT_GT(arrive_every(cadence, now_ns, 1'800 * second, 20), 0);
  EXPECT_EQ(arrive_every(cadence, now_ns, 1'800 * second, 20), 0);
}

TEST(Cadence, WhileNobodyListensNothingIsSilent) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  arrive_every(cadence, now_ns, second, 200);
  now_ns += 86'400 * second;  // the process was down: no clock frames
  EXPECT_FALSE(cadence.silent(now_ns, limits));
  EXPECT_EQ(listen(cadence, now_ns, now_ns + 60 * second), 0);
  EXPECT_EQ(listen(cadence, now_ns, now_ns + 2 * second), 1);
  const Nanos learned_ns = cadence.cadence_ns();
  now_ns += 86'400 * second;
  cadence.arrive(now_ns, limits);
  EXPECT_EQ(cadence.cadence_ns(), learned_ns);
}

TEST(Cadence, AClockThatStepsBackTeachesNothing) {
  Cadence cadence;
  Nanos now_ns = 1'000 * second;
  arrive_every(cadence, now_ns, second, 200);
  const Nanos learned_ns = cadence.cadence_ns();
  cadence.arrive(now_ns - 30 * second, limits);
  EXPECT_EQ(cadence.cadence_ns(), learned_ns);
  EXPECT_FALSE(cadence.silent(now_ns - 29 * second, limits));
  EXPECT_EQ(cadence.arrived_ns(), now_ns);
}

TEST(Cadence, AFactorOfZeroTurnsItOff) {
  Cadence cadence;
  constexpr Cadence::Limits off{0, 60 * second};
  for (Nanos now_ns = second; now_ns < 100 * second; now_ns += second) cadence.arrive(now_ns, off);
  for (Nanos now_ns = 100 * second; now_ns < 50'000 * second; now_ns += second) {
    ASSERT_FALSE(cadence.silent(now_ns, off));
  }
}

}  // namespace
}  // namespace tapeline
