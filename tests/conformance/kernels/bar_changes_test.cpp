// What a change refers to: the price as of a day ago, the open of a session, or nothing.
#include <gtest/gtest.h>

#include "core/indicators/change_session.hpp"
#include "core/indicators/change_since.hpp"

namespace tapeline {
namespace {

constexpr Nanos hour_ns = 3'600 * nanos_per_second;

IndicatorBar hour(std::int64_t index, std::int64_t close, std::int64_t session = 0) {
  return {.open = close - 1,
          .high = close,
          .low = close - 1,
          .close = close,
          .start_ns = index * hour_ns,
          .end_ns = (index + 1) * hour_ns,
          .session = session};
}

ChangeSince since_a_day(Nanos stale_ns) { return ChangeSince({.stale_ns = stale_ns, .interval_ns = hour_ns}); }

TEST(ChangeSince, RefersToTheBarThatEndedADayBefore) {
  ChangeSince change = since_a_day(0);
  for (std::int64_t i = 0; i < 200; ++i) {
    change.update(hour(i, 1'000 + i * i));
    ASSERT_EQ(change.value().has_value(), i >= 24) << i;
    if (i < 24) continue;
    const std::int64_t reference = 1'000 + (i - 24) * (i - 24);
    EXPECT_EQ(change.value()->absolute, static_cast<double>(1'000 + i * i - reference));
    EXPECT_EQ(change.value()->percent,
              100 * static_cast<double>(1'000 + i * i - reference) / static_cast<double>(reference));
  }
}

TEST(ChangeSince, TakesTheLastBarBeforeAHoleUntilItIsStale) {
  for (const std::int64_t stale_hours : {0, 1, 3, 5}) {
    ChangeSince change = since_a_day(stale_hours * hour_ns);
    for (std::int64_t i = 0; i <= 10; ++i) change.update(hour(i, 1'000 + i));
    for (std::int64_t i = 16; i < 60; ++i) {  // 11 to 15 are missing
      change.update(hour(i, 2'000 + i));
      const std::int64_t wanted = i - 24;
      const bool in_hole = wanted > 10 && wanted < 16;
      const bool is_known = wanted >= 0 && (!in_hole || wanted - 10 <= stale_hours);
      ASSERT_EQ(change.value().has_value(), is_known) << i << " stale after " << stale_hours;
      if (!is_known) continue;
      const std::int64_t reference = in_hole ? 1'010 : wanted <= 10 ? 1'000 + wanted : 2'000 + wanted;
      EXPECT_EQ(change.value()->absolute, static_cast<double>(2'000 + i - reference)) << i;
    }
  }
}

TEST(ChangeSince, ForgetsWhatIsOlderThanItsReference) {
  ChangeSince early = since_a_day(0);
  ChangeSince late = since_a_day(0);
  for (std::int64_t i = 0; i < 100; ++i) {
    early.update(hour(i, 1'000 + i));
    if (i >= 50) late.update(hour(i, 1'000 + i));
  }
  EXPECT_TRUE(early == late);
}

TEST(ChangeSince, OutlierIsForgottenWithItsDay) {
  ChangeSince clean = since_a_day(0);
  ChangeSince struck = since_a_day(0);
  for (std::int64_t i = 0; i < 100; ++i) {
    clean.update(hour(i, 1'000 + i));
    struck.update(hour(i, i == 40 ? 9'000'000'000'000'000'000 : 1'000 + i));
    EXPECT_EQ(clean == struck, i < 40 || i > 64) << i;
  }
}

TEST(ChangeSince, MoreBarsThanPlacesLoseTheReferenceNotTheOrder) {
  ChangeSince change = since_a_day(0);
  constexpr Nanos minute_ns = 60 * nanos_per_second;
  for (std::int64_t i = 0; i < 24 * 60 * 3; ++i) {  // sixty times as many as were announced
    IndicatorBar bar = hour(0, 1'000 + i);
    bar.end_ns = (i + 1) * minute_ns;
    change.update(bar);
    EXPECT_FALSE(change.value());
  }
  const std::int64_t end_hour = 24 * 3;
  for (std::int64_t i = end_hour; i < end_hour + 30; ++i) change.update(hour(i, 9'000 + i));
  ASSERT_TRUE(change.value()) << "at the announced pace it is back";
  EXPECT_EQ(change.value()->absolute, 24);
}

TEST(ChangeSince, RefusesImpossibleOptions) {
  EXPECT_THROW(ChangeSince({.interval_ns = 0}), std::invalid_argument);
  EXPECT_THROW(ChangeSince({.stale_ns = -1}), std::invalid_argument);
  EXPECT_THROW(ChangeSince({.horizon_ns = 0}), std::invalid_argument);
  EXPECT_THROW(ChangeSince({.interval_ns = nanos_per_millisecond}), std::invalid_argument);
  EXPECT_NO_THROW(ChangeSince({.interval_ns = 7 * 24 * hour_ns}));
}

TEST(ChangeSession, RefersToTheOpenOfASessionThatWasSeenToBegin) {
  ChangeSession change;
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::int64_t session = (i + 5) / 8;  // the series begins inside the first
    change.update(hour(i, 1'000 + i, session));
    ASSERT_EQ(change.value().has_value(), session > 0) << i;
    if (session == 0) continue;
    const std::int64_t open = 1'000 + session * 8 - 5 - 1;
    EXPECT_EQ(change.value()->absolute, static_cast<double>(1'000 + i - open));
    EXPECT_EQ(change.value()->percent, 100 * static_cast<double>(1'000 + i - open) / static_cast<double>(open));
  }
}

}  // namespace
}  // namespace tapeline
