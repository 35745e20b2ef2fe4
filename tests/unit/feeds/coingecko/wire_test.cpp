#include "feeds/coingecko/wire.hpp"

#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::coingecko {
namespace {

using testing::Parsed;
using testing::Request;
using Lines = std::vector<std::string>;

const std::string at_receipt = std::to_string(testing::receive_ns);

Lines simple(std::string_view body, const char* currencies) {
  Parser parser;
  return Parsed{parser, {.channel = simple_price, .context = currencies}, body}.lines();
}

Lines markets(std::string_view body, const char* currency) {
  Parser parser;
  return Parsed{parser, {.channel = coins_markets, .context = currency}, body}.lines();
}

TEST(CoingeckoWire, EachCoinAndCurrencyIsATick) {
  EXPECT_EQ(
      simple(R"({"bitcoin":{"usd":83749,"usd_24h_change":-2.58,"eur":74795.5,"last_updated_at":1791367550},)"
             R"("shiba-inu":{"usd":8.69e-05,"eur":7.5E-5,"last_updated_at":1791367500}})",
             "usd,eur"),
      (Lines{"bitcoin/usd 1791367550000000000 83749 0 0 unknown", "bitcoin/eur 1791367550000000000 74795.5 0 0 unknown",
             "shiba-inu/usd 1791367500000000000 0.0000869 0 0 unknown",
             "shiba-inu/eur 1791367500000000000 0.000075 0 0 unknown"}));
}

TEST(CoingeckoWire, WithoutAContextEveryCurrencyIsTaken) {
  EXPECT_EQ(
      simple(
          R"({"bitcoin":{"usd":1,"usd_market_cap":2,"usd_24h_vol":3,"usd_24h_change":4,"eur":5,"last_updated_at":10}})",
          ""),
      (Lines{"bitcoin/usd 10000000000 1 0 0 unknown", "bitcoin/eur 10000000000 5 0 0 unknown"}));
}

TEST(CoingeckoWire, WithoutAStampTheReceiptCounts) {
  EXPECT_EQ(simple(R"({"bitcoin":{"usd":49357}})", "usd"), (Lines{"bitcoin/usd " + at_receipt + " 49357 0 0 unknown"}));
}

TEST(CoingeckoWire, ACoinWithoutAPriceIsARejectOfItsSymbol) {
  EXPECT_EQ(simple(R"({"bitcoin":{},"ethereum":{"usd":null,"last_updated_at":10},"monero":{"usd":150}})", "usd"),
            (Lines{"bitcoin/usd " + at_receipt + " no_data", "ethereum/usd 10000000000 no_data",
                   "monero/usd " + at_receipt + " 150 0 0 unknown"}));
}

TEST(CoingeckoWire, MarketsAreTicksByIdNotByTicker) {
  EXPECT_EQ(markets(R"([{"id":"bitcoin","symbol":"btc","current_price":77356,"roi":{"times":1.5,"currency":"usd"},)"
                    R"("last_updated":"2026-09-02T20:41:30.250Z"},)"
                    R"({"id":"bitcoin-clone","symbol":"btc","current_price":2.40527e-07,"roi":null},)"
                    R"({"id":"dead-coin","symbol":"dead","current_price":null,"last_updated":null}])",
                    "usd"),
            (Lines{"bitcoin/usd 1788381690250000000 77356 0 0 unknown",
                   "bitcoin-clone/usd " + at_receipt + " 0.000000240527 0 0 unknown",
                   "dead-coin/usd " + at_receipt + " no_data"}));
}

TEST(CoingeckoWire, RejectsNameTheField) {
  Parser parser;
  const auto reject = [&](const char* body) {
    const Parsed parsed{parser, {.channel = simple_price, .context = "usd"}, body};
    EXPECT_EQ(parsed.events().size(), 1u) << body;
    EXPECT_EQ(parsed.events()[0].kind, EventKind::reject) << body;
    return std::string{to_string(parsed.events()[0].reason)} + ": " + std::string{parsed.events()[0].text};
  };
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":-1}})"), "non_positive_price: price is not positive: '-1'");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":[1]}})"), "not_a_number: price is not a number: '['");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":1.2345678901234567891}})"),
            "out_of_precision: price has more than 18 significant digits: '1.2345678901234567891'");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":1,"last_updated_at":99999999999999}})"),
            "bad_timestamp: last_updated is no valid time: '99999999999999'");
  EXPECT_EQ(reject(R"({"bitcoin":{"usd":1})"), "unparsable: the body is no whole JSON of prices");
  EXPECT_EQ(reject(R"([{"id":"bitcoin","current_price":1}])"), "unparsable: the body is no whole JSON of prices");
}

struct RefusalCase {
  std::uint16_t http_status;
  const char* body;
  Reason reason;
};

TEST(CoingeckoWire, RecognisesTheFiveShapesOfErrors) {
  const std::array cases{
      RefusalCase{429, R"({"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}})",
                  Reason::refused_rate_limit},
      RefusalCase{200, R"({"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}})",
                  Reason::refused_rate_limit},
      RefusalCase{422, R"({"error":"Missing parameter ids"})", Reason::refused_permanent},
      RefusalCase{200, R"({"error":"Missing parameter ids"})", Reason::refused_permanent},
      RefusalCase{404, R"({"error":"coin not found"})", Reason::no_data},
      RefusalCase{500, R"({"status":500,"error":"Internal Server Error"})", Reason::server_error},
      RefusalCase{200, R"({"status":500,"error":"Internal Server Error"})", Reason::server_error},
      RefusalCase{401, R"({"error":{"status":{"timestamp":"x","error_code":10012,"error_message":"time range"}}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"error":{"status":{"timestamp":"x","error_code":10012,"error_message":"time range"}}})",
                  Reason::refused_permanent},
      RefusalCase{401, R"({"timestamp":"x","error_code":10010,"status":{"error_message":"change your root URL"}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"timestamp":"x","error_code":10010,"status":{"error_message":"change your root URL"}})",
                  Reason::refused_permanent},
      RefusalCase{200, R"({"error":"something new"})", Reason::refused_temporary},
      RefusalCase{200, "{}", Reason::no_data},
      RefusalCase{200, "[]", Reason::no_data},
      RefusalCase{400, "{}", Reason::refused_permanent},
      RefusalCase{403, "<!DOCTYPE html><title>error code: 1020</title>", Reason::refused_permanent},
      RefusalCase{200, "<html></html>", Reason::server_error},
      RefusalCase{429, "Throttled", Reason::refused_rate_limit},
      RefusalCase{503, R"({"bitcoin":{"usd":1}})", Reason::server_error},
      RefusalCase{200, "", Reason::server_error},
  };
  Parser parser;
  for (const RefusalCase& c : cases) {
    for (const Channel channel : {simple_price, coins_markets}) {
      if (std::string_view{c.body} == "[]" && channel == simple_price) continue;
      EXPECT_EQ(
          (Parsed{parser, {.channel = channel, .context = "usd", .http_status = c.http_status}, c.body}.refusal()),
          c.reason)
          << c.http_status << ' ' << c.body;
    }
  }
}

// "status" is the id of a coin.
TEST(CoingeckoWire, ACoinNamedLikeAnErrorIsACoin) {
  EXPECT_EQ(simple(R"({"status":{"usd":0.03,"last_updated_at":10}})", "usd"),
            (Lines{"status/usd 10000000000 0.03 0 0 unknown"}));
}

TEST(CoingeckoWire, AKeyInTheWordsOfAnErrorIsNotPassedOn) {
  Parser parser;
  const Parsed parsed{
      parser, {.channel = simple_price, .context = "usd"}, R"({"error":"Invalid key CG-abcdefghijkl"})"};
  EXPECT_EQ(parsed.refusal(), Reason::refused_permanent);
  EXPECT_EQ(parsed.events()[0].text.find("CG-"), std::string_view::npos);
}

TEST(CoingeckoWire, AMarketChartIsAscendingPricesEachTimeOnce) {
  Parser parser;
  const Parsed parsed{parser,
                      {.channel = market_chart, .context = "bitcoin/usd"},
                      R"({"prices":[[1000,8.5e-05],[3000,2],[2000,1.5],[3000,3],[4000,null],[5000,4]],)"
                      R"("market_caps":[[1000,1]],"total_volumes":[]})"};
  EXPECT_EQ(parsed.lines(), (Lines{"bitcoin/usd 1000000000 0.000085 0 0 unknown",
                                   "bitcoin/usd 2000000000 1.5 0 0 unknown", "bitcoin/usd 3000000000 3 0 0 unknown",
                                   "bitcoin/usd 4000000000 no_data", "bitcoin/usd 5000000000 4 0 0 unknown"}));
  EXPECT_EQ(parsed.events()[0].flags, event_backfilled);
  EXPECT_EQ(parsed.events()[4].flags, 0);  // what it costs now
}

TEST(CoingeckoWire, CandlesAreStampedWithTheirEnd) {
  Parser parser;
  const Nanos receive = 3'600 * nanos_per_second - 1;
  const Parsed parsed{parser,
                      {.channel = ohlc, .context = "bitcoin/usd 1800", .receive = receive},
                      "[[1800000,1,4,1,3],[3600000,3,3.5,2,2]]"};
  EXPECT_EQ(parsed.lines(), (Lines{"bitcoin/usd 0 1 4 1 3 0", "bitcoin/usd 1800000000000 3 3.5 2 2 0"}));
  EXPECT_EQ(parsed.events()[0].flags, 0);
  EXPECT_EQ(parsed.events()[0].interval_s, 1'800U);
  EXPECT_EQ(parsed.events()[1].flags, event_provisional);
}

TEST(CoingeckoWire, CandlesBehindTheNewestTwoAreBackfilled) {
  Parser parser;
  const Parsed parsed{parser,
                      {.channel = ohlc, .context = "bitcoin/usd 1800"},
                      "[[5400000,3,3.5,2,2],[1800000,1,4,1,3],[3600000,3,3.5,2,2]]"};
  std::vector<int> flags;
  for (const WireEvent& event : parsed.events()) flags.push_back(event.flags);
  EXPECT_EQ(flags, (std::vector<int>{event_backfilled, 0, 0}));
}

TEST(CoingeckoWire, HistoriesThatAreNoneAreNamed) {
  struct Case {
    Channel channel;
    const char* body;
    const char* outcome;
  };
  const std::array cases{
      Case{ohlc, "[[1,2,3,4]]", "unparsable"},
      Case{ohlc, "[1,2]", "unparsable"},
      Case{ohlc, R"([["x",1,1,1,1]])", "bad_timestamp"},
      Case{ohlc, "[[1800000,1,1,null,1]]", "missing_field"},
      Case{ohlc, "[]", "no_data"},
      Case{ohlc, R"({"error":"coin not found"})", "no_data"},
      Case{ohlc, R"({"bitcoin":{"usd":1}})", "unparsable"},
      Case{market_chart, R"({"prices":[[1,2,3]]})", "unparsable"},
      Case{market_chart, R"({"prices":[[1,2])", "unparsable"},
      Case{market_chart, R"({"prices":[]})", "no_data"},
      Case{market_chart, R"({"prices":[[1000,"a"]]})", "not_a_number"},
      Case{market_chart, R"({"status":{"error_code":429,"error_message":"Rate Limit"}})", "refused_rate_limit"},
      Case{market_chart, "[[1,2]]", "unparsable"},
  };
  Parser parser;
  for (const Case& c : cases) {
    const Parsed parsed{parser, {.channel = c.channel, .context = "bitcoin/usd 1800"}, c.body};
    ASSERT_EQ(parsed.events().size(), 1U) << c.body;
    EXPECT_STREQ(to_string(parsed.events()[0].reason), c.outcome) << c.body;
    EXPECT_TRUE(parsed.events()[0].symbol.starts_with("bitcoin/usd")) << c.body;
  }
}

}  // namespace
}  // namespace tapeline::feeds::coingecko
