#include "feeds/alpha_vantage/wire.hpp"

#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::alpha_vantage {
namespace {

using testing::Parsed;
using testing::Request;
using Lines = std::vector<std::string>;

Lines lines(Channel channel, const char* context, std::string_view body) {
  Parser parser;
  return Parsed{parser, {.channel = channel, .context = context}, body}.lines();
}

/// A body of intraday bars with one row, in the zone given.
std::string one_bar(const std::string& stamp, const std::string& zone) {
  return R"({"Meta Data":{"2. Symbol":"IBM","4. Interval":"5min","6. Time Zone":")" + zone +
         R"~("},"Time Series (5min)":{")~" + stamp +
         R"(":{"1. open":"1.10","2. high":"1.40","3. low":"1.00","4. close":"1.30","5. volume":"17"}}})";
}

constexpr const char* quote_json =
    R"({"Global Quote":{"01. symbol":"IBM","02. open":"218.2000","05. price":"219.3000","06. volume":"6154450",)"
    R"("07. latest trading day":"2026-05-15","10. change percent":"0.4259%"}})";
constexpr const char* quote_csv =
    "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
    "IBM,218.2000,220.9100,217.6150,219.3000,6154450,2026-05-15,218.3700,0.9300,0.4259%\r\n";

TEST(AlphaVantageWire, QuoteIsATickAtTheCloseOfItsDay) {
  // 16:00 in New York is 20:00 UTC in May.
  EXPECT_EQ(lines(global_quote, "IBM", quote_json), (Lines{"IBM 1778875200000000000 219.3 6154450 0 unknown"}));
  EXPECT_EQ(lines(global_quote, "IBM", quote_csv), (Lines{"IBM 1778875200000000000 219.3 6154450 0 unknown"}));
}

TEST(AlphaVantageWire, QuoteOfASessionThatGoesOnIsStampedAtReceipt) {
  Parser parser;
  const Nanos noon = 1'778'860'800'000'000'000;
  const Parsed parsed{parser, {.channel = global_quote, .context = "IBM", .receive = noon}, quote_json};
  ASSERT_EQ(parsed.events().size(), 1u);
  EXPECT_EQ(parsed.events()[0].event_ns, noon);
}

TEST(AlphaVantageWire, QuoteWithAnEntitlementHasALongerKey) {
  EXPECT_EQ(lines(global_quote, "IBM",
                  R"({"Global Quote - DATA DELAYED BY 15 MINUTES":{)"
                  R"("05. price":"1","06. volume":"2","07. latest trading day":"2026-05-15"}})"),
            (Lines{"IBM 1778875200000000000 1 2 0 unknown"}));
}

TEST(AlphaVantageWire, IntradayRowsAreBarsInAscendingTime) {
  const Lines expected{"IBM 1778874900000000000 3 4 2 3.5 20", "IBM 1778875200000000000 1.1 1.4 1 1.3 17"};
  EXPECT_EQ(
      lines(intraday, "IBM 300",
            R"~({"Meta Data":{"6. Time Zone":"US/Eastern"},"Time Series (5min)":{)~"
            R"("2026-05-15 16:00:00":{"1. open":"1.1000","2. high":"1.4000","3. low":"1.0000",)"
            R"("4. close":"1.3000","5. volume":"17"},)"
            R"("2026-05-15 15:55:00":{"5. volume":"20","1. open":"3","2. high":"4","3. low":"2","4. close":"3.5"}}})"),
      expected);
  EXPECT_EQ(lines(intraday, "IBM 300",
                  "timestamp,open,high,low,close,volume\n2026-05-15 16:00:00,1.1000,1.4000,1.0000,1.3000,17\n"
                  "2026-05-15 15:55:00,3,4,2,3.5,20"),
            expected);
  EXPECT_EQ(lines(intraday, "IBM 300",
                  "time,open,high,low,close,volume\r\n2026-05-15 16:00:00,1.1000,1.4000,1.0000,1.3000,17\r\n"
                  "2026-05-15 15:55:00,3,4,2,3.5,20\r\n"),
            expected);
}

TEST(AlphaVantageWire, BarsKnowTheirInterval) {
  Parser parser;
  const std::string body = one_bar("2026-05-15 16:00:00", "US/Eastern");
  const auto interval = [&](Channel channel, const char* context) {
    const Parsed parsed{parser, {.channel = channel, .context = context}, body};
    return parsed.events().at(0).interval_s;
  };
  EXPECT_EQ(interval(intraday, "IBM 60"), 60u);
  EXPECT_EQ(interval(intraday, "IBM"), 300u);  // as the body says
  EXPECT_EQ(interval(intraday, ""), 300u);
  EXPECT_EQ(interval(daily, "IBM"), 86'400u);
}

TEST(AlphaVantageWire, DayStartsAtMidnightInNewYork) {
  EXPECT_EQ(
      lines(daily, "IBM",
            "timestamp,open,high,low,close,adjusted_close,volume\n2026-05-15,1,4,1,2,9,10\n2026-01-15,1,4,1,2,9,11\n"),
      (Lines{"IBM 1768453200000000000 1 4 1 2 11", "IBM 1778817600000000000 1 4 1 2 10"}));
}

TEST(AlphaVantageWire, WallClockFollowsDaylightSaving) {
  const auto start = [](const char* stamp, const char* zone) {
    Parser parser;
    const Parsed parsed{parser, {.channel = intraday, .context = "IBM 300"}, one_bar(stamp, zone)};
    return to_string(parsed.events().at(0).reason) + std::string{" "} +
           std::to_string(parsed.events()[0].event_ns / 1'000'000'000);
  };
  EXPECT_EQ(start("2025-03-09 01:55:00", "US/Eastern"), "none 1741503300");           // still -05:00
  EXPECT_EQ(start("2025-03-09 02:30:00", "US/Eastern"), "bad_timestamp 1900000000");  // never shown
  EXPECT_EQ(start("2025-03-09 03:00:00", "US/Eastern"), "none 1741503600");           // -04:00
  EXPECT_EQ(start("2025-11-02 01:30:00", "US/Eastern"), "none 1762061400");           // shown twice: -04:00
  EXPECT_EQ(start("2025-11-02 02:00:00", "US/Eastern"), "none 1762066800");           // -05:00
  EXPECT_EQ(start("2025-03-09 02:30:00", "UTC"), "none 1741487400");
  EXPECT_EQ(start("2025-03-09 02:30:00", "Mars/Olympus"), "bad_timestamp 1900000000");
}

TEST(AlphaVantageWire, UnfinishedBarsAreProvisional) {
  Parser parser;
  const std::string body = one_bar("2026-05-15 16:00:00", "US/Eastern");
  const auto flags = [&](Nanos received_s) {
    const Parsed parsed{
        parser, {.channel = intraday, .context = "IBM 300", .receive = received_s * nanos_per_second}, body};
    return parsed.events().at(0).flags;
  };
  EXPECT_EQ(flags(1'778'875'499), event_provisional);
  EXPECT_EQ(flags(1'778'875'500), 0);
  EXPECT_EQ(flags(0), 0);
  const Parsed in_session{
      parser,
      {.channel = daily, .context = "IBM"},
      R"~({"Meta Data":{"3. Last Refreshed":"2020-05-08 14:07:03"},"Time Series (Daily)":{)~"
      R"("2020-05-08":{"1. open":"1","2. high":"1","3. low":"1","4. close":"1","5. volume":"1"},)"
      R"("2020-05-07":{"1. open":"1","2. high":"1","3. low":"1","4. close":"1","5. volume":"1"}}})"};
  ASSERT_EQ(in_session.events().size(), 2u);
  EXPECT_EQ(in_session.events()[0].flags, 0);
  EXPECT_EQ(in_session.events()[1].flags, event_provisional);
}

TEST(AlphaVantageWire, BarsBehindTheNewestTwoAreBackfilledThoughTheyComeFirst) {
  Parser parser;
  const Parsed parsed{parser,
                      {.channel = daily, .context = "IBM"},
                      "timestamp,open,high,low,close,volume\n2026-05-18,1,4,1,2,9\n2026-05-15,1,4,1,2,9\n"
                      "2026-05-14,1,4,1,2,9\n2026-05-13,1,4,1,2,9\n"};
  std::vector<int> flags;
  for (const WireEvent& event : parsed.events()) flags.push_back(event.flags);
  EXPECT_EQ(flags, (std::vector<int>{event_backfilled, event_backfilled, 0, 0}));
}

TEST(AlphaVantageWire, EveryRowIsABarOrARejectThatNamesItsField) {
  Parser parser;
  const Parsed parsed{parser,
                      {.channel = intraday, .context = "IBM 300"},
                      "timestamp,open,high,low,close,volume\n"
                      "2026-05-15 10:00:00,1,1,1,-,5\n"
                      "2026-05-15 10:05:00,1,1,0,1,5\n"
                      "2026-05-15 10:10:00,1,1,1,1,-5\n"
                      "2026-05-15 10:15:00,1,,1,1,5\n"
                      "2026-05-15 10:20:00,1.2345678901234567891,1,1,1,5\n"
                      "2026-05-15 10:25:00,1,1,1,1,5\n"};
  Lines got;
  for (const WireEvent& event : parsed.events())
    got.push_back(std::string{to_string(event.reason)} + ": " + std::string{event.text});
  EXPECT_EQ(got,
            (Lines{"not_a_number: close is not a number: '-'", "non_positive_price: low is not positive: '0'",
                   "negative_volume: volume is negative: '-5'", "missing_field: high is missing",
                   "out_of_precision: open has more than 18 significant digits: '1.2345678901234567891'", "none: "}));
  EXPECT_EQ(parsed.events().back().event_ns, 1'778'855'100'000'000'000);
}

TEST(AlphaVantageWire, ARowOfTheWrongShapeIsAReject) {
  EXPECT_EQ(lines(intraday, "IBM 300", "timestamp,open,high,low,close,volume\n2026-05-15 10:00:00,1,1,1\n"),
            (Lines{"IBM " + std::to_string(testing::receive_ns) + " unparsable"}));
  EXPECT_EQ(lines(intraday, "IBM 300", "timestamp,open,high,low\n2026-05-15 10:00:00,1,1,1\n"),
            (Lines{"IBM " + std::to_string(testing::receive_ns) + " unparsable"}));
  EXPECT_EQ(lines(intraday, "IBM", "timestamp,open,high,low,close,volume\n2026-05-15 10:00:00,1,1,1,1,1\n"),
            (Lines{"IBM " + std::to_string(testing::receive_ns) + " missing_field"}));
}

struct RefusalCase {
  const char* body;
  Reason reason;
};

TEST(AlphaVantageWire, RefusalsAreTakenByTheirWording) {
  const std::array cases{
      RefusalCase{R"({"Note":"Our standard API call frequency is 5 calls per minute and 500 calls per day."})",
                  Reason::refused_rate_limit},
      RefusalCase{
          R"({"Information":"Please consider spreading out your requests (1 request per second). You may subscribe )"
          R"~(to any of the premium plans to lift the rate limit (25 requests per day)"})~",
          Reason::refused_rate_limit},
      RefusalCase{R"({"Information":"Burst pattern detected."})", Reason::refused_rate_limit},
      RefusalCase{
          R"({"Information":"Our standard API rate limit is 25 requests per day. Subscribe to any premium plan."})",
          Reason::refused_quota},
      RefusalCase{R"({"Information":"This is a premium endpoint."})", Reason::refused_permanent},
      RefusalCase{R"({"Information":"The outputsize=full parameter value is a premium feature for this endpoint."})",
                  Reason::refused_permanent},
      RefusalCase{R"({"Information":"The **demo** API key is for demo purposes only."})", Reason::refused_permanent},
      RefusalCase{R"({"Error Message":"Invalid API call. Please retry."})", Reason::refused_permanent},
      RefusalCase{R"({"Error Message":"the parameter apikey is invalid or missing."})", Reason::refused_permanent},
      RefusalCase{R"({"Information":"Something nobody has seen yet."})", Reason::refused_temporary},
      RefusalCase{R"({"message":"This is a premium endpoint.","data":[{"symbol":"MSFT","close":"417.61"}]})",
                  Reason::refused_permanent},
      RefusalCase{R"({"Global Quote":{"05. price":"1","06. volume":"2","07. latest trading day":"2026-05-15"},)"
                  R"("Note":"per minute"})",
                  Reason::refused_rate_limit},
      RefusalCase{"{}", Reason::no_data},
      RefusalCase{R"({"Global Quote":{}})", Reason::no_data},
      RefusalCase{R"({"Meta Data":{"2. Symbol":"ZZZZ"}})", Reason::no_data},
      RefusalCase{"timestamp,open,high,low,close,volume\r\n", Reason::no_data},
      RefusalCase{"<html>", Reason::server_error},
      RefusalCase{"Service unavailable", Reason::server_error},
  };
  Parser parser;
  for (const RefusalCase& c : cases) {
    for (const Channel channel : {global_quote, intraday, daily}) {
      const Parsed parsed{parser, {.channel = channel, .context = "IBM 300"}, c.body};
      EXPECT_EQ(parsed.refusal(), c.reason) << c.body;
      EXPECT_EQ(parsed.events().at(0).symbol, "IBM");
    }
  }
  const auto by_status = [&](std::uint16_t status) {
    return Parsed{parser, {.channel = intraday, .context = "IBM 300", .http_status = status}, "{}"}.refusal();
  };
  EXPECT_EQ(by_status(429), Reason::refused_rate_limit);
  EXPECT_EQ(by_status(502), Reason::server_error);
  EXPECT_EQ(by_status(403), Reason::refused_permanent);
  EXPECT_EQ(by_status(404), Reason::refused_permanent);
}

TEST(AlphaVantageWire, TheKeyThatABodyEchoesIsNeverPassedOn) {
  Parser parser;
  const Parsed parsed{
      parser,
      {.channel = intraday, .context = "IBM 300"},
      R"({"Information":"We have detected your API key as ABCDEFGH12345678 and our limit is 25 requests per day."})"};
  EXPECT_EQ(parsed.refusal(), Reason::refused_quota);
  EXPECT_EQ(parsed.events()[0].text, "the requests of this day are used up");
}

/// Starts of the bars of a CSV with these stamps, newest first, as wall clock of New York in winter.
Lines starts(const std::vector<std::string>& stamps) {
  std::string body = "timestamp,open,high,low,close,volume\n";
  for (const std::string& stamp : stamps) body += stamp + ",1,1,1,1,1\n";
  Parser parser;
  Lines found;
  const Parsed parsed{parser, {.channel = intraday, .context = "IBM 300"}, body};
  for (const WireEvent& event : parsed.events()) {
    constexpr Nanos winter_ns = 5 * 3'600 * nanos_per_second;
    found.push_back(format_utc(event.event_ns - winter_ns).substr(0, 16));
  }
  return found;
}

TEST(AlphaVantageWire, StampsAreStartsOrEndsByTheHoursOfTheMarket) {
  const Lines end_labelled{"2026-01-14T19:50", "2026-01-14T19:55"};
  EXPECT_EQ(starts({"2026-01-14 20:00:00", "2026-01-14 19:55:00"}), end_labelled);  // nothing begins at 20:00
  const Lines start_labelled{"2019-01-14T04:00", "2019-01-14T04:05"};
  EXPECT_EQ(starts({"2019-01-14 04:05:00", "2019-01-14 04:00:00"}), start_labelled);  // nothing ends at 04:00
}

TEST(AlphaVantageWire, WithoutEvidenceTheYearSaysWhatStampsAre) {
  EXPECT_EQ(starts({"2021-12-22 16:00:00", "2021-12-22 15:55:00"}), (Lines{"2021-12-22T15:50", "2021-12-22T15:55"}));
  EXPECT_EQ(starts({"2022-01-03 16:00:00", "2022-01-03 15:55:00"}), (Lines{"2022-01-03T15:55", "2022-01-03T16:00"}));
  // Both in one body: no evidence either.
  EXPECT_EQ(starts({"2026-01-14 20:00:00", "2026-01-14 04:00:00"}), (Lines{"2026-01-14T04:00", "2026-01-14T20:00"}));
}

TEST(AlphaVantageWire, ABarThatIsStampedWithItsEndIsFinishedThen) {
  Parser parser;
  const auto flags = [&](const char* stamp, Nanos receive) {
    const std::string body =
        std::string{"timestamp,open,high,low,close,volume\n2019-02-04 20:00:00,1,1,1,1,1\n"} + stamp + ",1,1,1,1,1\n";
    return Parsed{parser, {.channel = intraday, .context = "IBM 300", .receive = receive}, body}.events().at(0).flags;
  };
  const Nanos end = *parse_utc("2019-02-04T20:00:00Z");  // 15:00 in New York
  EXPECT_EQ(flags("2019-02-04 15:00:00", end), 0);
  EXPECT_EQ(flags("2019-02-04 15:00:00", end - 1), event_provisional);
}

}  // namespace
}  // namespace tapeline::feeds::alpha_vantage
