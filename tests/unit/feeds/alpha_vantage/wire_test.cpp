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

TEST(AlphaVantageWire, RefusalOfTellsThePaceOfTheNextRequest) {
  const auto refusal = [](std::string body) {
    const std::size_t size = body.size();
    body.append(frame_padding_bytes, ' ');
    return refusal_of({.channel = global_quote, .http_status = 200, .context = "IBM", .payload = {body.data(), size}});
  };
  EXPECT_EQ(refusal(quote_json), Reason::none);
  EXPECT_EQ(refusal(quote_csv), Reason::none);
  EXPECT_EQ(refusal(R"({"Note":"5 calls per minute"})"), Reason::refused_rate_limit);
}

TEST(AlphaVantageWire, RecordedBodiesGiveExactlyTheirNumbers) {
  const auto folder = testing::payload_folder("alphavantage");
  if (folder.empty() || access(testing::python, X_OK) != 0) GTEST_SKIP() << testing::no_payloads;
  struct File {
    Channel channel;
    const char* channel_name;
    const char* context;
    const char* name;
  };
  const std::array files{
      File{global_quote, "global_quote", "IBM", "global_quote_IBM.csv"},
      File{global_quote, "global_quote", "MSFT", "global_quote_MSFT_2018.json"},
      File{global_quote, "global_quote", "IBM", "java_globalquote.json"},
      File{intraday, "intraday", "MSFT 60", "intraday_1min_MSFT_2017.json"},
      File{intraday, "intraday", "GOOG 300", "intraday_5min_GOOG_crlf_2019-02-04.csv"},
      File{intraday, "intraday", "IBM 300", "intraday_5min_IBM_compact_2026-05-15.csv"},
      File{intraday, "intraday", "IBM 60", "intraday_extended_1min_2020.csv"},
      File{intraday, "intraday", "IBM 300", "java_intraday.json"},
      File{daily, "daily", "IBM", "daily_IBM_compact_2026-05-15.csv"},
      File{daily, "daily", "IBM", "daily_adjusted_IBM.csv"},
      File{daily, "daily", "IBM", "java_daily.json"},
      File{daily, "daily", "IBM", "java_dailyadjusted.json"},
  };
  Parser parser;
  for (const File& file : files) {
    SCOPED_TRACE(file.name);
    const Lines got =
        Parsed{parser, {.channel = file.channel, .context = file.context}, testing::contents(folder / file.name)}
            .lines();
    EXPECT_FALSE(got.empty());
    EXPECT_EQ(got, testing::expected_numbers("alpha_vantage", file.channel_name, file.context, folder / file.name));
  }
}

TEST(AlphaVantageWire, RecordedRefusalsAreWhatTheyAre) {
  const auto folder = testing::payload_folder("alphavantage");
  if (folder.empty()) GTEST_SKIP() << testing::no_payloads;
  const std::array files{
      RefusalCase{"errors/empty_object.json", Reason::no_data},
      RefusalCase{"errors/error_apikey_missing.json", Reason::refused_permanent},
      RefusalCase{"errors/error_invalid_api_call_intraday.json", Reason::refused_permanent},
      RefusalCase{"errors/global_quote_unknown_symbol.json", Reason::no_data},
      RefusalCase{"errors/information_25_per_day.json", Reason::refused_quota},
      RefusalCase{"errors/information_25_per_day_key_echoed.json", Reason::refused_quota},
      RefusalCase{"errors/information_burst_1_per_second.json", Reason::refused_rate_limit},
      RefusalCase{"errors/information_burst_premium_30_per_second.json", Reason::refused_rate_limit},
      RefusalCase{"errors/information_demo_key.json", Reason::refused_permanent},
      RefusalCase{"errors/information_premium_endpoint.json", Reason::refused_permanent},
      RefusalCase{"errors/meta_data_only.json", Reason::no_data},
      RefusalCase{"errors/note_5_per_min_500_per_day.json", Reason::refused_rate_limit},
      RefusalCase{"realtime_bulk_quotes_premium_sample.json", Reason::refused_permanent},
  };
  Parser parser;
  for (const RefusalCase& file : files) {
    EXPECT_EQ(
        (Parsed{parser, {.channel = intraday, .context = "IBM 300"}, testing::contents(folder / file.body)}.refusal()),
        file.reason)
        << file.body;
  }
}

}  // namespace
}  // namespace tapeline::feeds::alpha_vantage
