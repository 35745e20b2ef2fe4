#include "core/signals/signal.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
const SignalsConfig defaults;

TEST(Signal, BuysBelowAndSellsAboveTheThresholdsAndHoldsOnThem) {
  EXPECT_EQ(judge({100, 29.999, 101, false, false}, defaults).signal, Signal::buy);
  EXPECT_EQ(judge({100, 30.0, 101, false, false}, defaults).signal, Signal::hold);
  EXPECT_EQ(judge({100, 70.0, 99, false, false}, defaults).signal, Signal::hold);
  EXPECT_EQ(judge({100, 70.001, 99, false, false}, defaults).signal, Signal::sell);
}

TEST(Signal, HoldsAndSaysWhyWhenRsiIsUndefined) {
  EXPECT_EQ(judge({100, undefined, undefined, false, false}, defaults).reason, SignalReason::warming_up);
  EXPECT_EQ(judge({100, undefined, 100, true, false}, defaults).reason, SignalReason::flat_market);
  EXPECT_EQ(judge({100, 10.0, 100, false, true}, defaults).reason, SignalReason::partial_bar);
  EXPECT_EQ(judge({100, 10.0, 100, false, true}, defaults).signal, Signal::hold);
}

TEST(Signal, SeesATrendOnlyWhereAverageAndRsiAgree) {
  EXPECT_EQ(judge({101, 50.0, 100, false, false}, defaults).trend, Trend::bullish);
  EXPECT_EQ(judge({99, 49.9, 100, false, false}, defaults).trend, Trend::bearish);
  EXPECT_EQ(judge({101, 49.9, 100, false, false}, defaults).trend, Trend::neutral);
  EXPECT_EQ(judge({100, 60.0, 100, false, false}, defaults).trend, Trend::neutral);
  EXPECT_EQ(judge({101, 60.0, undefined, false, false}, defaults).trend, Trend::neutral);
}

}  // namespace
}  // namespace tapeline
