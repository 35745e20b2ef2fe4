#include "feeds/kraken/wire.hpp"

#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::kraken {
namespace {

using testing::Parsed;
using testing::Request;
using Lines = std::vector<std::string>;

const Request feed{.channel = stream, .context = "", .http_status = 0};

Lines lines(std::string_view body) {
  Parser parser;
  return Parsed{parser, feed, body}.lines();
}

TEST(KrakenWire, EachTradeOfAMessageIsATickOfItsOwnSymbol) {
  EXPECT_EQ(lines(R"({"channel":"trade","type":"snapshot","data":[)"
                  R"({"symbol":"ETH/USD","side":"sell","price":2284.15,"qty":0.001,"ord_type":"market",)"
                  R"("trade_id":62886870,"timestamp":"2026-05-14T15:03:41.748964Z"},)"
                  R"({"symbol":"BTC/USD","side":"buy","price":81011.5,"qty":0.00123440,"ord_type":"limit",)"
                  R"("trade_id":100320028,"timestamp":"2026-05-14T15:06:09.020392Z"}]})"),
            (Lines{"ETH/USD 1778771021748964000 2284.15 0.001 62886870 sell",
                   "BTC/USD 1778771169020392000 81011.5 0.0012344 100320028 buy"}));
}

TEST(KrakenWire, FieldsComeInAnyOrderAndNumbersKeepEveryDigit) {
  EXPECT_EQ(
      lines(R"({"data":[{"timestamp":"2026-05-14T15:03:41Z","trade_id":7,"qty":1e-08,"price":0.10000000000000001,)"
            R"("side":"buy","symbol":"A/B"}],"type":"update","channel":"trade"})"),
      (Lines{"A/B 1778771021000000000 0.10000000000000001 0.00000001 7 buy"}));
}

TEST(KrakenWire, TickerIsAQuoteOfItsTimeOrOfNow) {
  EXPECT_EQ(lines(R"({"channel":"ticker","type":"update","data":[{"symbol":"A/B","bid":0.13099,"ask":0.13110}]})"),
            (Lines{"A/B 1900000000000000000 0.13099 0.1311 quote"}));
}

TEST(KrakenWire, OtherMessagesAreIgnoredByTheirChannelOrMethod) {
  Parser parser;
  const auto ignored = [&](std::string_view body) {
    const Parsed parsed{parser, feed, body};
    EXPECT_TRUE(parsed.events().empty()) << body;
    return std::string(parsed.ignored());
  };
  EXPECT_EQ(ignored(R"({"channel":"heartbeat"})"), "heartbeat");
  EXPECT_EQ(ignored(R"({"channel":"status","type":"update","data":[{"system":"online",)"
                    R"("connection_id":12072546403441331453}]})"),
            "status");
  EXPECT_EQ(ignored(R"({"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[],"asks":[{"price":1}]}]})"),
            "book");
  EXPECT_EQ(ignored(R"({"method":"pong","req_id":2})"), "pong");
  EXPECT_EQ(ignored(R"({"method":"subscribe","result":{"channel":"ticker","symbol":"A/B"},"success":true})"),
            "subscribe");
}

TEST(KrakenWire, AcknowledgementOfTradesIsNoticed) {
  Parser parser;
  for (std::string body :
       {R"({"method":"subscribe","req_id":1,"result":{"symbol":"A/B","channel":"trade"},"success":true})",
        R"({"error":"Already subscribed","method":"subscribe","success":false,"symbol":"A/B"})"}) {
    const std::size_t size = body.size();
    body.append(frame_padding_bytes, '\0');
    WireOutput output;
    parser.parse({.channel = stream, .context = {}, .payload = {body.data(), size}}, output);
    ASSERT_EQ(output.notices.size(), 1u) << body;
    EXPECT_EQ(output.notices[0].symbol, "A/B");
    EXPECT_TRUE(output.events.empty());
  }
}

TEST(KrakenWire, ErrorsAreRefusalsOfTheirSymbol) {
  Parser parser;
  const Parsed pair{
      parser, feed,
      R"({"error":"Currency pair not supported XBT/USD","method":"subscribe","success":false,"symbol":"XBT/USD"})"};
  EXPECT_EQ(pair.refusal(), Reason::refused_permanent);
  EXPECT_EQ(pair.events()[0].symbol, "XBT/USD");
  EXPECT_EQ((Parsed{parser, feed, R"({"Error":"Exceeded msg rate"})"}.refusal()), Reason::refused_rate_limit);
}

TEST(KrakenWire, MessagesOfVersionOneAreRejected) {
  EXPECT_EQ(lines(R"([1665,[["0.5","1.0","1618678132.9","b","l",""]],"trade","WAVES/EUR"])"),
            (Lines{" 1900000000000000000 unparsable"}));
  EXPECT_EQ(lines(R"({"event":"heartbeat"})"), (Lines{" 1900000000000000000 unparsable"}));
}

TEST(KrakenWire, RejectsNameTheTradeAndKeepTheOthers) {
  EXPECT_EQ(lines(R"({"channel":"trade","type":"update","data":[)"
                  R"({"symbol":"A/B","side":"buy","price":-1,"qty":1,"trade_id":1,"timestamp":"2026-05-14T15:03:41Z"},)"
                  R"({"symbol":"A/B","side":"buy","price":1,"qty":1,"trade_id":2,"timestamp":"2026-05-14T15:03:41Z"},)"
                  R"({"symbol":"A/B","side":"buy","price":1,"qty":1,"timestamp":"2026-05-14T15:03:41Z"}]})"),
            (Lines{"A/B 1778771021000000000 non_positive_price", "A/B 1778771021000000000 1 1 2 buy",
                   "A/B 1778771021000000000 missing_field"}));
}

TEST(KrakenWire, TradesOfAnAnswerAreBackfilledOnesOfTheRange) {
  Parser parser;
  const Parsed parsed{
      parser,
      {.channel = trades, .context = "BTC/USD 61044952 61044954"},
      R"({"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952],)"
      R"(["30243.30000","0.00376960",1688669598.2804112,"s","l","",61044953],)"
      R"(["1","1",1688669599.000000001,"s","l","",61044954]],"last":"1688671969993150842"}})"};
  EXPECT_EQ(parsed.lines(), (Lines{"BTC/USD 1688669597827736900 30243.4 0.34507674 61044952 buy",
                                   "BTC/USD 1688669598280411200 30243.3 0.0037696 61044953 sell",
                                   "BTC/USD 1688669599000000001 1 1 61044954 sell"}));
  EXPECT_EQ(parsed.events()[0].flags, event_backfilled);
}

TEST(KrakenWire, RefusedAnswersSayOfWhichSymbol) {
  struct Case {
    std::uint16_t status;
    const char* body;
    Reason reason;
  };
  Parser parser;
  for (const Case& c : {Case{200, R"({"error":["EQuery:Unknown asset pair"]})", Reason::refused_permanent},
                        Case{200, R"({"error":["EGeneral:Too many requests"]})", Reason::refused_rate_limit},
                        Case{200, R"({"error":["EService:Unavailable"]})", Reason::refused_temporary},
                        Case{520, "<html>", Reason::server_error}}) {
    const Parsed parsed{parser, {.channel = trades, .context = "A/B 5 9", .http_status = c.status}, c.body};
    EXPECT_EQ(parsed.refusal(), c.reason) << c.body;
    EXPECT_EQ(parsed.events()[0].symbol, "A/B");
  }
}

TEST(KrakenWire, RecordedPayloadsGiveExactlyTheirTradesAndQuotes) {
  const auto folder = testing::payload_folder("kraken");
  if (folder.empty() || access(testing::python, X_OK) != 0) GTEST_SKIP() << testing::no_payloads;
  Parser parser;
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string name = entry.path().filename();
    SCOPED_TRACE(name);
    const std::string all = testing::contents(entry.path());
    if (!name.starts_with("v2_")) {
      for (const std::string& line : testing::lines_of(all)) {
        const std::size_t begin = line.find_first_of("[{");
        if (begin == std::string::npos) continue;
        const Parsed parsed{parser, feed, std::string_view{line}.substr(begin)};
        ASSERT_EQ(parsed.events().size(), 1u) << line;
        EXPECT_EQ(parsed.events()[0].reason, Reason::unparsable);
      }
      continue;
    }
    const Parsed parsed{parser, feed, all};
    if (name.find("error") != std::string::npos) {
      EXPECT_NE(parsed.refusal(), Reason::none);
      continue;
    }
    EXPECT_NE(parsed.ignored().empty(), parsed.events().empty());
    EXPECT_EQ(parsed.lines(), testing::expected_numbers("kraken", "stream", "", entry.path()));
    ++seen;
  }
  EXPECT_GE(seen, 7u);
}

}  // namespace
}  // namespace tapeline::feeds::kraken
