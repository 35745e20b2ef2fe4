// Calendars and time zones: of sources, and of single instruments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/config/fixture.hpp"

namespace tapeline::app {
namespace {

using testing::ElementsAre;

CalendarsConfig calendars_of(std::string_view text) { return parse_config(text, "x.toml").config.calendars; }

TEST(ConfigCalendars, AreThoseOfTheSourcesMarketsUnlessWritten) {
  const CalendarsConfig calendars = calendars_of("");
  EXPECT_EQ(calendars.binance.kind, Calendar::crypto);
  EXPECT_EQ(calendars.binance.time_zone, "UTC");
  EXPECT_EQ(calendars.coingecko.time_zone, "UTC");
  EXPECT_EQ(calendars.yahoo.kind, Calendar::us_equity);
  EXPECT_EQ(calendars.yahoo.time_zone, "America/New_York");
  EXPECT_EQ(calendars.alpha_vantage.kind, Calendar::us_equity);
  EXPECT_TRUE(calendars.instruments.empty());
}

TEST(ConfigCalendars, TakeTheUsualZoneOfACalendarThatIsWrittenAlone) {
  EXPECT_EQ(calendars_of("[sources.yahoo]\ncalendar = \"crypto\"").yahoo.time_zone, "UTC");
  EXPECT_EQ(calendars_of("[sources.binance]\ncalendar = \"us_equity\"").binance.time_zone, "America/New_York");
  EXPECT_EQ(calendars_of("[sources.binance]\ntime_zone = \"Asia/Kolkata\"").binance.kind, Calendar::crypto);
  const CalendarConfig both =
      calendars_of("[sources.yahoo]\ntime_zone = \"Asia/Tokyo\"\ncalendar = \"us_equity\"").yahoo;
  EXPECT_EQ(both.time_zone, "Asia/Tokyo");
  EXPECT_EQ(both.kind, Calendar::us_equity);
}

TEST(ConfigCalendars, AreReadForSingleInstruments) {
  const CalendarsConfig calendars = calendars_of(
      "[sources.yahoo]\nsymbols = [\"^N225\", \"BTC-EUR\"]\n[instruments.\"^N225\"]\ntime_zone = \"Asia/Tokyo\"\n"
      "[instruments.BTC-EUR]\ncalendar = \"crypto\"\n");
  ASSERT_EQ(calendars.instruments.size(), 2U);
  EXPECT_EQ(calendars.instruments.at("^N225").time_zone, "Asia/Tokyo");
  EXPECT_FALSE(calendars.instruments.at("^N225").kind);
  EXPECT_EQ(calendars.instruments.at("BTC-EUR").kind, Calendar::crypto);
  EXPECT_FALSE(calendars.instruments.at("BTC-EUR").time_zone);
}

TEST(ConfigCalendars, NameTheNearestZoneForOneThatThereIsNot) {
  EXPECT_THAT(refusal_of("[sources.yahoo]\ntime_zone = \"America/NewYork\""),
              ElementsAre("x.toml:2: sources.yahoo.time_zone: \"America/NewYork\" is no time zone; did you mean "
                          "\"America/New_York\"?"));
  EXPECT_THAT(refusal_of("[sources.yahoo]\ntime_zone = \"somewhere\""),
              ElementsAre("x.toml:2: sources.yahoo.time_zone: \"somewhere\" is no time zone; write an IANA name, such "
                          "as \"America/New_York\""));
  EXPECT_THAT(refusal_of("[sources.yahoo]\ntime_zone = -5"),
              ElementsAre("x.toml:2: sources.yahoo.time_zone: is a whole number; write a text in quotes"));
  EXPECT_THAT(refusal_of("[sources.binance]\nsymbols = [\"BTCUSDT\"]\n[instruments.BTCUSDT]\ntime_zone = \"UTX\""),
              ElementsAre("x.toml:4: instruments.\"BTCUSDT\".time_zone: \"UTX\" is no time zone; did you mean "
                          "\"UTC\"?"));
}

TEST(ConfigCalendars, RefuseWhatIsNoCalendarAndNoInstrument) {
  EXPECT_THAT(refusal_of("[sources.yahoo]\ncalendar = \"equity\""),
              ElementsAre("x.toml:2: sources.yahoo.calendar: is \"equity\"; write one of: crypto, us_equity"));
  EXPECT_THAT(refusal_of("[sources.binance]\nsymbols = [\"BTCUSDT\"]\n[instruments.BTCUSD]\ncalendar = \"crypto\""),
              ElementsAre("x.toml:3: instruments.BTCUSD: no source has such a symbol; did you mean BTCUSDT?"));
  EXPECT_THAT(refusal_of("[instruments.X]\ncalendar = \"crypto\""),
              ElementsAre("x.toml:1: instruments.X: no source has such a symbol; write it into the symbols of one"));
  EXPECT_THAT(refusal_of("[instruments]\nX = 1"), ElementsAre("x.toml:2: instruments.X: is a whole number; write a "
                                                              "table"));
  EXPECT_THAT(refusal_of("[sources.yahoo]\nsymbols = [\"X\"]\n[instruments.X]\ntimezone = \"UTC\""),
              ElementsAre("x.toml:4: instruments.\"X\".timezone: no such key; did you mean time_zone?"));
}

TEST(ConfigCalendars, ArePartOfTheHash) {
  const std::string symbols = "[sources.yahoo]\nsymbols = [\"X\"]\n";
  std::vector<std::string> hashes;
  for (const std::string& more :
       {std::string(), std::string("time_zone = \"Asia/Tokyo\""), std::string("calendar = \"crypto\""),
        std::string("[instruments.X]\ntime_zone = \"Asia/Tokyo\""),
        std::string("[instruments.X]\ncalendar = \"crypto\"")}) {
    const std::string hash = parse_config(symbols + more, "x.toml").hash;
    EXPECT_EQ(std::count(hashes.begin(), hashes.end(), hash), 0) << more;
    hashes.push_back(hash);
  }
  EXPECT_EQ(hashes.front(), parse_config(symbols + "calendar = \"us_equity\"", "x.toml").hash);
}

}  // namespace
}  // namespace tapeline::app
