#include "app/recovery/settled_position.hpp"

#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

TEST(SettledPosition, IsWhatIsComputedAndStored) {
  SettledPosition settled;
  EXPECT_EQ(settled.update({}), 0U);
  EXPECT_EQ(settled.update({.computed = 500, .stored = 300}), 300U);
  EXPECT_EQ(settled.update({.computed = 500, .stored = 500}), 500U);
  // A database that was ahead of what has been computed since the start says nothing yet of these alerts.
  SettledPosition later;
  EXPECT_EQ(later.update({.computed = 100, .stored = 900}), 100U);
}

TEST(SettledPosition, WaitsForTheAlertsOfItsFrames) {
  SettledPosition settled;
  EXPECT_EQ(settled.update({.computed = 500, .stored = 500, .alerts_told = 3, .alerts_settled = 2}), 0U);
  // More are told meanwhile, which does not put it off.
  EXPECT_EQ(settled.update({.computed = 900, .stored = 900, .alerts_told = 9, .alerts_settled = 2}), 0U);
  EXPECT_EQ(settled.update({.computed = 900, .stored = 900, .alerts_told = 9, .alerts_settled = 3}), 500U);
  EXPECT_EQ(settled.update({.computed = 900, .stored = 900, .alerts_told = 9, .alerts_settled = 8}), 500U);
  EXPECT_EQ(settled.update({.computed = 900, .stored = 900, .alerts_told = 9, .alerts_settled = 9}), 900U);
}

TEST(SettledPosition, NeverGoesBack) {
  SettledPosition settled;
  EXPECT_EQ(settled.update({.computed = 500, .stored = 500}), 500U);
  EXPECT_EQ(settled.update({.computed = 600, .stored = 300}), 500U);
}

}  // namespace
}  // namespace tapeline::app
