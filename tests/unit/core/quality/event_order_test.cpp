#include "core/quality/event_order.hpp"

#include <gtest/gtest.h>

namespace tapeline {
namespace {

TEST(EventOrder, MeasuresHowFarTimeRunsBackwards) {
  EventOrder order;
  EXPECT_EQ(order.add(1'000), 0);
  EXPECT_EQ(order.add(1'000), 0);
  EXPECT_EQ(order.add(1'500), 0);
  EXPECT_EQ(order.add(1'200), 300);
  EXPECT_EQ(order.add(1'499), 1);
  EXPECT_EQ(order.add(1'500), 0);
}

TEST(EventOrder, StampsBeforeTheEpochAreStampsToo) {
  EventOrder order;
  EXPECT_EQ(order.add(-50), 0);
  EXPECT_EQ(order.add(-60), 10);
  EXPECT_EQ(order.add(0), 0);
}

}  // namespace
}  // namespace tapeline
