#include "core/quality/event_age.hpp"

#include <gtest/gtest.h>

namespace tapeline {
namespace {

TEST(EventAge, TellsOnceThatAnInstrumentTurnsStale) {
  EventAge age;
  EXPECT_FALSE(age.turns_stale(100, 110, 10));
  EXPECT_TRUE(age.turns_stale(100, 111, 10));
  EXPECT_FALSE(age.turns_stale(100, 200, 10));
  EXPECT_FALSE(age.turns_stale(195, 205, 10));
  EXPECT_TRUE(age.turns_stale(100, 206, 10));
}

TEST(EventAge, NoLimitIsNoCheck) {
  EventAge age;
  EXPECT_FALSE(age.turns_stale(0, 1'000'000, 0));
}

}  // namespace
}  // namespace tapeline
