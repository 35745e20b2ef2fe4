#include "core/signals/alert_rules.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace tapeline {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint32_t oversold = 1U << static_cast<unsigned>(AlertRule::rsi_oversold);
constexpr std::uint32_t overbought = 1U << static_cast<unsigned>(AlertRule::rsi_overbought);
constexpr std::uint32_t move = 1U << static_cast<unsigned>(AlertRule::significant_move);

struct Bars {
  AlertRules rules;
  AlertsConfig alerts{.rsi_hysteresis = 5, .move_pct_min = 1, .move_hysteresis_pct = 0.25, .cooldown_s = 100};
  SignalsConfig signals;
  Nanos end_s = 0;
  std::uint32_t next(double rsi, double change_pct, Nanos seconds_later = 60) {
    end_s += seconds_later;
    return rules.update(rsi, change_pct, end_s * nanos_per_second, alerts, signals);
  }
};

TEST(AlertRules, FireOnTheEdgeAndNotOnTheLevel) {
  Bars bars;
  EXPECT_EQ(bars.next(31, 0), 0U);
  EXPECT_EQ(bars.next(29, 0), oversold);
  EXPECT_EQ(bars.next(20, 0), 0U);
  EXPECT_EQ(bars.next(75, 0), overbought);
  EXPECT_EQ(bars.next(90, 0), 0U);
}

TEST(AlertRules, ReArmOnlyBeyondTheHysteresisBand) {
  Bars bars;
  ASSERT_EQ(bars.next(29, 0), oversold);
  EXPECT_EQ(bars.next(34.9, 0, 1'000), 0U);
  EXPECT_EQ(bars.next(29, 0, 1'000), 0U);
  EXPECT_EQ(bars.next(35, 0, 1'000), 0U);
  EXPECT_EQ(bars.next(29, 0, 1'000), oversold);
}

TEST(AlertRules, StaySilentDuringTheCooldown) {
  Bars bars;
  ASSERT_EQ(bars.next(29, 0), oversold);
  EXPECT_EQ(bars.next(50, 0, 10), 0U);
  EXPECT_EQ(bars.next(29, 0, 10), 0U);
  EXPECT_EQ(bars.next(50, 0, 100), 0U);
  EXPECT_EQ(bars.next(29, 0, 10), oversold);
}

TEST(AlertRules, SeeSignificantMovesInBothDirections) {
  Bars bars;
  EXPECT_EQ(bars.next(50, 1.0), move);
  EXPECT_EQ(bars.next(50, 0.8, 1'000), 0U);
  EXPECT_EQ(bars.next(50, -2.0, 1'000), 0U);
  EXPECT_EQ(bars.next(50, 0.1, 1'000), 0U);
  EXPECT_EQ(bars.next(50, -1.0, 1'000), move);
}

TEST(AlertRules, AreNotMovedByUndefinedValues) {
  Bars bars;
  EXPECT_EQ(bars.next(undefined, undefined), 0U);
  ASSERT_EQ(bars.next(29, 0), oversold);
  EXPECT_EQ(bars.next(undefined, undefined, 1'000), 0U);
  EXPECT_EQ(bars.next(29, 0, 1'000), 0U);
}

}  // namespace
}  // namespace tapeline
