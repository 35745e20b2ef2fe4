#include "app/calendar/calendars.hpp"

#include <gtest/gtest.h>

namespace tapeline::app {
namespace {

constexpr SourceCode stocks{2};
constexpr SourceCode coins{3};
constexpr Nanos noon_ns = 1'720'000'000 * nanos_per_second;  // in summer

Calendars::BySource sources() {
  Calendars::BySource by_source;
  by_source[static_cast<std::size_t>(stocks)] = usual_calendar(Calendar::us_equity);
  return by_source;
}

TEST(Calendars, FollowTheSourceButTakePairsWithTheDollarForCrypto) {
  const Calendars calendars(sources(), {});
  EXPECT_EQ(calendars.of(stocks, "AAPL")->kind(), Calendar::us_equity);
  EXPECT_EQ(calendars.of(stocks, "AAPL")->offset_s(noon_ns), -14'400);
  EXPECT_EQ(calendars.of(stocks, "BTC-USD")->kind(), Calendar::crypto);
  EXPECT_EQ(calendars.of(stocks, "BTC-USD")->offset_s(noon_ns), 0);
  EXPECT_EQ(calendars.of(coins, "BTC-USD")->kind(), Calendar::crypto);
  EXPECT_EQ(calendars.of(stocks, "AAPL"), calendars.of(stocks, "MSFT")) << "one table for all";
}

TEST(Calendars, LetAnInstrumentHaveItsOwn) {
  const Calendars calendars(sources(), {{"^N225", {std::nullopt, "Asia/Tokyo"}},
                                        {"BTC-EUR", {Calendar::crypto, std::nullopt}},
                                        {"BTC-USD", {std::nullopt, "Asia/Kolkata"}},
                                        {"COIN", {Calendar::us_equity, "America/Chicago"}}});
  EXPECT_EQ(calendars.of(stocks, "^N225")->kind(), Calendar::us_equity);
  EXPECT_EQ(calendars.of(stocks, "^N225")->offset_s(noon_ns), 9 * 3'600);
  EXPECT_EQ(calendars.of(stocks, "BTC-EUR")->kind(), Calendar::crypto);
  EXPECT_EQ(calendars.of(stocks, "BTC-EUR")->offset_s(noon_ns), 0) << "the zone that is usual for crypto";
  EXPECT_EQ(calendars.of(coins, "BTC-USD")->offset_s(noon_ns), 19'800);
  EXPECT_EQ(calendars.of(stocks, "BTC-USD")->kind(), Calendar::crypto);
  EXPECT_EQ(calendars.of(coins, "COIN")->kind(), Calendar::us_equity);
  EXPECT_EQ(calendars.of(coins, "COIN")->offset_s(noon_ns), -18'000);
}

TEST(Calendars, RefuseAZoneThatThereIsNot) {
  EXPECT_THROW(Calendars(sources(), {{"X", {std::nullopt, "Mars/Olympus"}}}), std::invalid_argument);
}

}  // namespace
}  // namespace tapeline::app
