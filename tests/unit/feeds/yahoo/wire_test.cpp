#include "feeds/yahoo/wire.hpp"

#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::yahoo {
namespace {

using testing::Parsed;
using testing::Request;
using Lines = std::vector<std::string>;

const Request aapl{.channel = chart, .context = "AAPL 60"};

/// A whole body around the members of one result.
std::string chart_of(const std::string& members) {
  return R"({"chart":{"result":[{)" + members + R"(}],"error":null}})";
}

constexpr const char* meta =
    R"("meta":{"currency":null,"symbol":"AAPL","regularMarketTime":1788379201,)"
    R"("currentTradingPeriod":{"pre":{"end":1},"regular":{"end":1788379200,"start":2}},"dataGranularity":"5m"},)";

Lines lines(const std::string& body) {
  Parser parser;
  return Parsed{parser, aapl, body}.lines();
}

TEST(YahooWire, ColumnsBecomeBarsWithoutTheNoiseOfFloats) {
  EXPECT_EQ(
      lines(chart_of(std::string{meta} +
                     R"("timestamp":[1788378900,1788378960],"indicators":{"quote":[{"low":[73.79750061035156,74],)"
                     R"("close":[75.0875015258789,75],"volume":[135480400,0],"open":[74.05999755859375,74.5],)"
                     R"("high":[75.1500015258789,7.55e1]}],"adjclose":[{"adjclose":[72.7,72.8]}]})")),
      (Lines{"AAPL 1788378900000000000 74.06 75.15 73.7975 75.0875 135480400",
             "AAPL 1788378960000000000 74.5 75.5 74 75 0"}));
}

TEST(YahooWire, IndicatorsMayStandBeforeTheTimes) {
  EXPECT_EQ(
      lines(chart_of(
          R"("indicators":{"quote":[{"open":[1],"high":[2],"low":[1],"close":[2],"volume":[3]}]},"timestamp":[60])")),
      (Lines{"AAPL 60000000000 1 2 1 2 3"}));
}

TEST(YahooWire, SymbolAndIntervalComeFromTheBodyWhenNotAskedFor) {
  Parser parser;
  const Parsed parsed{
      parser,
      {.channel = chart, .context = ""},
      chart_of(
          std::string{meta} +
          R"("timestamp":[300],"indicators":{"quote":[{"open":[1],"high":[2],"low":[1],"close":[2],"volume":[3]}]})")};
  ASSERT_EQ(parsed.events().size(), 1u);
  EXPECT_EQ(parsed.events()[0].symbol, "AAPL");
  EXPECT_EQ(parsed.events()[0].interval_s, 300u);
}

TEST(YahooWire, NullsAreNoTradeOrNamedOrAVolumeOfZero) {
  Parser parser;
  const Parsed parsed{
      parser, aapl,
      chart_of(R"("timestamp":[60,120,180,null],"indicators":{"quote":[{"open":[1,null,1,1],"high":[2,null,2,2],)"
               R"("low":[1,null,null,1],"close":[2,null,2,2],"volume":[null,null,3,4]}]})")};
  EXPECT_EQ(parsed.lines(),
            (Lines{"AAPL 60000000000 1 2 1 2 0", "AAPL 120000000000 no_data", "AAPL 180000000000 missing_field",
                   "AAPL " + std::to_string(testing::receive_ns) + " bad_timestamp"}));
  EXPECT_EQ(parsed.events()[2].text, "low is missing");
}

TEST(YahooWire, AColumnThatIsTooShortIsMissing) {
  EXPECT_EQ(
      lines(chart_of(R"("timestamp":[60,120],)"
                     R"("indicators":{"quote":[{"open":[1,1],"high":[2],"low":[1,1],"close":[2,2],"volume":[3,3]}]})")),
      (Lines{"AAPL 60000000000 1 2 1 2 3", "AAPL 120000000000 missing_field"}));
}

TEST(YahooWire, MoreThanEighteenDigitsFallBackToTheFloat) {
  const auto close = [](const std::string& lexeme) {
    return lines(chart_of(R"("timestamp":[60],"indicators":{"quote":[{"open":[1],"high":[1],"low":[1],"close":[)" +
                          lexeme + R"(],"volume":[1]}]})"));
  };
  // 0.1f exactly, 27 digits.
  EXPECT_EQ(close("0.100000001490116119384765625"), (Lines{"AAPL 60000000000 1 1 1 0.1 1"}));
  EXPECT_EQ(close("0.1000000014901161193"), (Lines{"AAPL 60000000000 1 1 1 0.1 1"}));  // the same double
  EXPECT_EQ(close("0.1234567890123456789"), (Lines{"AAPL 60000000000 out_of_precision"}));
  EXPECT_EQ(close("0.123456789012345678"), (Lines{"AAPL 60000000000 1 1 1 0.123456789012345678 1"}));
  EXPECT_EQ(close("-2"), (Lines{"AAPL 60000000000 non_positive_price"}));
  EXPECT_EQ(close("\"2\""), (Lines{"AAPL 60000000000 not_a_number"}));
}

TEST(YahooWire, TheLastElementMayBeALivePoint) {
  const auto last_flags = [](const std::string& stamps, const char* volume, const char* context, Nanos receive) {
    Parser parser;
    const Parsed parsed{
        parser,
        {.channel = chart, .context = context, .receive = receive},
        chart_of(std::string{meta} + R"("timestamp":[)" + stamps +
                 R"(],"indicators":{"quote":[{"open":[1,1],"high":[1,1],"low":[1,1],"close":[1,1],"volume":[5,)" +
                 volume + R"(]}]})")};
    EXPECT_EQ(parsed.events().size(), 2u);
    EXPECT_EQ(parsed.events()[0].flags, 0);
    return parsed.events()[1].flags;
  };
  const Nanos later = testing::receive_ns;
  EXPECT_EQ(last_flags("1788378600,1788378900", "7", "AAPL 300", later), 0);
  EXPECT_EQ(last_flags("1788378600,1788378952", "7", "AAPL 300", later), event_provisional);  // off the grid
  EXPECT_EQ(last_flags("1788378900,1788379200", "0", "AAPL 300", later), event_provisional);  // the closing print
  EXPECT_EQ(last_flags("1788378900,1788379200", "9", "AAPL 300", later), 0);  // the first bar after hours
  EXPECT_EQ(last_flags("1788269400,1788379201", "9", "AAPL 86400", later), event_provisional);  // the last trade itself
  EXPECT_EQ(last_flags("1788269400,1788355800", "9", "AAPL 86400", later), 0);
  const Nanos end_of_bar = 1'788'379'200 * nanos_per_second;
  EXPECT_EQ(last_flags("1788378600,1788378900", "7", "AAPL 300", end_of_bar), 0);
  EXPECT_EQ(last_flags("1788378600,1788378900", "7", "AAPL 300", end_of_bar - 1), event_provisional);
}

struct RefusalCase {
  std::uint16_t http_status;
  const char* body;
  Reason reason;
};

TEST(YahooWire, RefusalsAreRecognised) {
  const std::array cases{
      RefusalCase{404, R"({"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}})",
                  Reason::no_data},
      RefusalCase{400, R"({"chart":{"result":null,"error":{"code":"Bad Request","description":"Invalid input"}}})",
                  Reason::refused_permanent},
      RefusalCase{422, R"({"chart":{"result":null,"error":{"code":"Unprocessable Entity","description":"1m data"}}})",
                  Reason::refused_permanent},
      RefusalCase{401, R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"chart":{"result":null,"error":{"code":"Unheard of","description":"x"}}})",
                  Reason::refused_temporary},
      RefusalCase{200, R"({"chart":{"result":[],"error":null}})", Reason::no_data},
      RefusalCase{200, R"({"chart":{"result":null,"error":null}})", Reason::no_data},
      RefusalCase{200, R"({"chart":{"result":[{"meta":{"symbol":"A"},"indicators":{"quote":[{}]}}],"error":null}})",
                  Reason::no_data},
      RefusalCase{200, R"({"chart":{"result":[{"indicators":{"quote":[{"close":[75.5]}]}}],"error":null}})",
                  Reason::no_data},
      RefusalCase{429, "Too Many Requests\r\n", Reason::refused_rate_limit},
      RefusalCase{200, "Edge: Too Many Requests", Reason::refused_rate_limit},
      RefusalCase{200, "<!DOCTYPE html>", Reason::server_error},
      RefusalCase{302, "", Reason::refused_temporary},
      RefusalCase{502, R"({"chart":{"result":null,"error":null}})", Reason::server_error},
  };
  Parser parser;
  for (const RefusalCase& c : cases) {
    const Parsed parsed{parser, {.channel = chart, .context = "AAPL 60", .http_status = c.http_status}, c.body};
    EXPECT_EQ(parsed.refusal(), c.reason) << c.http_status << ' ' << c.body;
    EXPECT_EQ(parsed.events().at(0).symbol, "AAPL");
    EXPECT_FALSE(parsed.events()[0].text.empty());
  }
  const Parsed words{parser, aapl, cases[0].body};
  EXPECT_EQ(words.events()[0].text, "Not Found: No data found");
}

TEST(YahooWire, ABodyThatIsNoWholeChartIsAReject) {
  for (const char* body :
       {R"({"chart":{"result":[{"timestamp":[60]}])", "{}", "[]", R"({"quoteResponse":{}})", R"({"chart":7})"}) {
    EXPECT_EQ(lines(body), (Lines{"AAPL " + std::to_string(testing::receive_ns) + " unparsable"})) << body;
  }
}

TEST(YahooWire, RecordedLivePointsAreProvisional) {
  const auto folder = testing::payload_folder("yahoo");
  if (folder.empty()) GTEST_SKIP() << testing::no_payloads;
  Parser parser;
  for (const char* name : {"chart/EURUSD_5m_2026-09-02.json", "chart/AAPL_5m_2026-09-02.json"}) {
    const Parsed parsed{parser, {.channel = chart, .context = ""}, testing::contents(folder / name)};
    ASSERT_EQ(parsed.events().size(), 12u) << name;
    for (std::size_t i = 0; i < 12; ++i)
      EXPECT_EQ(parsed.events()[i].flags, i == 11 ? event_provisional
                                          : i < 9 ? event_backfilled
                                                  : 0)
          << name << ' ' << i;
  }
}

TEST(YahooWire, PricesAreRoundedToTheirHintWhereThatIsTheSameFloat) {
  const auto close = [](const std::string& hint, const std::string& lexeme) {
    return lines(chart_of(R"("meta":{"priceHint":)" + hint +
                          R"(},"timestamp":[60],"indicators":{"quote":[{"open":[1],"high":[1],"low":[1],"close":[)" +
                          lexeme + R"(],"volume":[1]}]})"))
        .at(0);
  };
  EXPECT_EQ(close("2", "211.19999694824219"), "AAPL 60000000000 1 1 1 211.2 1");
  EXPECT_EQ(close("2", "1234567.875"),
            "AAPL 60000000000 1 1 1 1234567.88 1");  // a float of that size has no more digits
  EXPECT_EQ(close("4", "1.0850694179534912"), "AAPL 60000000000 1 1 1 1.0850694 1");  // the hint would lose digits
  EXPECT_EQ(close("2", "75.0875015258789"), "AAPL 60000000000 1 1 1 75.0875 1");
  EXPECT_EQ(close("2", "72.71607208251953"), "AAPL 60000000000 1 1 1 72.71607 1");
  EXPECT_EQ(close("2", "75.123456789012"), "AAPL 60000000000 1 1 1 75.123456789012 1");  // no widened float
  EXPECT_EQ(close("null", "211.19999694824219"), "AAPL 60000000000 1 1 1 211.2 1");
  EXPECT_EQ(close("-7", "211.19999694824219"), "AAPL 60000000000 1 1 1 211.2 1");
  EXPECT_EQ(close("\"x\"", "211.19999694824219"), "AAPL 60000000000 1 1 1 211.2 1");
  EXPECT_EQ(close("9999999999", "8.69999985297909e-06"), "AAPL 60000000000 1 1 1 0.0000087 1");
}

}  // namespace
}  // namespace tapeline::feeds::yahoo
