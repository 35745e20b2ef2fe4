#include "core/quality/ledger.hpp"

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr Nanos minute = 60 * nanos_per_second;

TEST(Ledger, HandsOutAMinuteWhenALaterOneBegins) {
  Ledger ledger;
  EXPECT_FALSE(ledger.roll(10 * minute + 5));
  ++ledger.counts().received;
  EXPECT_FALSE(ledger.roll(11 * minute - 1));
  ++ledger.counts().received;
  ++ledger.counts().rejected;
  const auto over = ledger.roll(14 * minute);
  EXPECT_EQ(over, (LedgerMinute{.minute_ns = 10 * minute, .received = 2, .rejected = 1}));
  ++ledger.counts().stored;
  EXPECT_EQ(ledger.flush(), (LedgerMinute{.minute_ns = 14 * minute, .stored = 1}));
}

TEST(Ledger, SaysNothingOfAMinuteWithoutEvents) {
  Ledger ledger;
  for (Nanos now_ns = 0; now_ns < 10 * minute; now_ns += minute / 4) EXPECT_FALSE(ledger.roll(now_ns));
  EXPECT_FALSE(ledger.flush());
}

TEST(Ledger, DeltasOfOneMinuteAddUp) {
  Ledger ledger;
  static_cast<void>(ledger.roll(minute));
  ledger.counts().missing = 3;
  EXPECT_EQ(ledger.flush(), (LedgerMinute{.minute_ns = minute, .missing = 3}));
  EXPECT_FALSE(ledger.flush());
  EXPECT_FALSE(ledger.roll(minute + 1));
  ledger.counts().filled = 2;
  EXPECT_EQ(ledger.roll(2 * minute), (LedgerMinute{.minute_ns = minute, .filled = 2}));
}

TEST(Ledger, CountsForTheNewestMinuteWhenTheClockStepsBack) {
  Ledger ledger;
  static_cast<void>(ledger.roll(5 * minute));
  EXPECT_FALSE(ledger.roll(3 * minute));
  ++ledger.counts().received;
  EXPECT_EQ(ledger.roll(6 * minute), (LedgerMinute{.minute_ns = 5 * minute, .received = 1}));
}

}  // namespace
}  // namespace tapeline
