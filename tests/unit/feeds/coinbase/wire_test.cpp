#include "feeds/coinbase/wire.hpp"

#include <map>

#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::coinbase {
namespace {

using testing::Parsed;
using testing::Request;
using Lines = std::vector<std::string>;

const Request feed{.channel = stream, .context = "", .http_status = 0};

Lines lines(std::string_view body) {
  Parser parser;
  return Parsed{parser, feed, body}.lines();
}

std::vector<WireNotice> notices(std::string body, WireOutput& output, Parser& parser) {
  const std::size_t size = body.size();
  static std::vector<std::string> kept;  // what the notices point into
  kept.push_back(std::move(body));
  kept.back().append(frame_padding_bytes, '\0');
  output.clear();
  parser.parse({.channel = stream, .context = {}, .payload = {kept.back().data(), size}}, output);
  return output.notices;
}

TEST(CoinbaseWire, MatchIsATickOfTheTakerWhereTheMessageNamesTheMaker) {
  EXPECT_EQ(lines(R"({"type":"match","trade_id":174742474,"maker_order_id":"a","taker_order_id":"b","side":"buy",)"
                  R"("size":"0.02100634","price":"4450.09","product_id":"ETH-USD","sequence":22201266131,)"
                  R"("time":"2021-11-02T11:30:50.808413Z"})"),
            (Lines{"ETH-USD 1635852650808413000 4450.09 0.02100634 174742474 sell"}));
  EXPECT_EQ(lines(R"({"type":"last_match","trade_id":1,"side":"sell","size":"0.00000001","price":"80691.53",)"
                  R"("product_id":"BTC-USD","time":"2026-08-25T03:35:57Z"})"),
            (Lines{"BTC-USD 1787628957000000000 80691.53 0.00000001 1 buy"}));
}

TEST(CoinbaseWire, TickerIsAQuoteWithOrWithoutItsTrade) {
  EXPECT_EQ(lines(R"({"type":"ticker","sequence":37475248780,"product_id":"BTC-USD","price":"64000.00",)"
                  R"("best_bid":"63999.00","best_ask":"64001.00","time":"2026-01-01T00:00:00.500000Z"})"),
            (Lines{"BTC-USD 1767225600500000000 63999 64001 quote"}));
}

TEST(CoinbaseWire, OtherMessagesAreIgnoredByTheirType) {
  Parser parser;
  for (const char* type : {"heartbeat", "l2update", "snapshot", "subscriptions", "status", "received"}) {
    const std::string body = std::string(R"({"type":")") + type + R"(","product_id":"BTC-USD"})";
    const Parsed parsed{parser, feed, body};
    EXPECT_TRUE(parsed.events().empty());
    EXPECT_EQ(parsed.ignored(), type);
  }
}

TEST(CoinbaseWire, HeartbeatTellsTheNewestTrade) {
  Parser parser;
  WireOutput output;
  const auto told = notices(R"({"type":"heartbeat","last_trade_id":14275328,"product_id":"BTC-EUR",)"
                            R"("sequence":0,"time":"2018-05-03T19:29:24.335000Z"})",
                            output, parser);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, WireNotice::Kind::newest_trade);
  EXPECT_EQ(told[0].symbol, "BTC-EUR");
  EXPECT_EQ(told[0].id, 14275328u);
}

TEST(CoinbaseWire, SubscriptionsTellOfWhichProductsTradesCome) {
  Parser parser;
  WireOutput output;
  const auto told = notices(R"({"type":"subscriptions","channels":[{"name":"heartbeat","product_ids":["A-B"]},)"
                            R"({"product_ids":["BTC-USD","ETH-USD"],"name":"matches","account_ids":null}]})",
                            output, parser);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].symbol, "BTC-USD");
  EXPECT_EQ(told[1].symbol, "ETH-USD");
}

TEST(CoinbaseWire, ErrorsAreRefusalsOfTheProductThatTheyName) {
  Parser parser;
  const Parsed unknown{
      parser, feed, R"({"type":"error","message":"Failed to subscribe","reason":"ETH-NOPE is not a valid product"})"};
  EXPECT_EQ(unknown.refusal(), Reason::refused_permanent);
  EXPECT_EQ(unknown.events()[0].symbol, "ETH-NOPE");
  EXPECT_EQ(unknown.events()[0].text, "Failed to subscribe: ETH-NOPE is not a valid product");
  const Parsed general{parser, feed,
                       R"({"type":"error","message":"Failed to subscribe","reason":"a is not a valid channel"})"};
  EXPECT_EQ(general.refusal(), Reason::refused_permanent);
  EXPECT_EQ(general.events()[0].symbol, "");
}

TEST(CoinbaseWire, RejectsNameTheField) {
  EXPECT_EQ(
      lines(
          R"({"type":"match","trade_id":1,"side":"buy","size":"1","price":"x","product_id":"P","time":"2021-11-02T11:30:50Z"})"),
      (Lines{"P 1635852650000000000 not_a_number"}));
  EXPECT_EQ(
      lines(R"({"type":"match","side":"buy","size":"1","price":"1","product_id":"P","time":"2021-11-02T11:30:50Z"})"),
      (Lines{"P 1635852650000000000 missing_field"}));
  EXPECT_EQ(
      lines(R"({"type":"match","trade_id":1,"side":"buy","size":"1","price":"1","product_id":"P","time":"soon"})"),
      (Lines{"P 0 bad_timestamp"}));
  EXPECT_EQ(lines(R"({"type":"match","trade_id":1})"), (Lines{" 0 missing_field"}));
  EXPECT_EQ(lines("{}").size(), 1u);
}

TEST(CoinbaseWire, TradesOfAnAnswerComeOldestFirstAndFromTheRange) {
  Parser parser;
  const Parsed parsed{
      parser,
      {.channel = trades, .context = "BTC-USD 73 74"},
      R"([{"time":"2014-11-07T22:19:29Z","trade_id":75,"price":"11","size":"1","side":"buy"},)"
      R"({"time":"2014-11-07T22:19:28.578544Z","trade_id":74,"price":"10.00","size":"0.01","side":"buy"},)"
      R"({"time":"2014-11-07T01:08:43.642366Z","trade_id":73,"price":"100","size":"2","side":"sell"}])"};
  EXPECT_EQ(parsed.lines(),
            (Lines{"BTC-USD 1415322523642366000 100 2 73 buy", "BTC-USD 1415398768578544000 10 0.01 74 sell"}));
  EXPECT_EQ(parsed.events()[0].flags, event_backfilled);
}

TEST(CoinbaseWire, RefusedAnswersSayOfWhichSymbol) {
  struct Case {
    std::uint16_t status;
    const char* body;
    Reason reason;
  };
  Parser parser;
  for (const Case& c : {Case{404, R"({"message":"NotFound"})", Reason::refused_permanent},
                        Case{429, R"({"message":"Public rate limit exceeded"})", Reason::refused_rate_limit},
                        Case{200, R"({"message":"Public rate limit exceeded"})", Reason::refused_rate_limit},
                        Case{503, "<html>", Reason::server_error}}) {
    const Parsed parsed{parser, {.channel = trades, .context = "P 5 9", .http_status = c.status}, c.body};
    EXPECT_EQ(parsed.refusal(), c.reason) << c.body;
    EXPECT_EQ(parsed.events()[0].symbol, "P");
  }
}

TEST(CoinbaseWire, RecordedPayloadsGiveExactlyTheirTradesAndQuotes) {
  const auto folder = testing::payload_folder("coinbase");
  if (folder.empty() || access(testing::python, X_OK) != 0) GTEST_SKIP() << testing::no_payloads;
  Parser parser;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string name = entry.path().filename();
    if (name.starts_with("rest_products")) continue;
    SCOPED_TRACE(name);
    const std::string all = testing::contents(entry.path());
    Lines got;
    if (name.ends_with(".json")) {
      const Parsed parsed{parser, feed, all};
      if (name.starts_with("error_")) {
        EXPECT_EQ(parsed.refusal(), Reason::refused_permanent);
        continue;
      }
      EXPECT_NE(parsed.ignored().empty(), parsed.events().empty());
      got = parsed.lines();
    } else {
      for (const std::string& line : testing::lines_of(all)) {
        const std::size_t begin = line.find('{');
        if (begin == std::string::npos || line.find(" <- ") < begin) continue;  // what was sent
        const Parsed parsed{parser, feed, std::string_view{line}.substr(begin)};
        EXPECT_NE(parsed.ignored().empty(), parsed.events().empty()) << line;
        for (const std::string& event : parsed.lines()) got.push_back(event);
      }
      EXPECT_EQ(got.size(), 97u + 10u + 107u);  // match, last_match and ticker, counted by hand
    }
    EXPECT_EQ(got, testing::expected_numbers("coinbase", "stream", "", entry.path()));
  }
}

/// The capture has each trade twice: as a match, whose side is the maker's, and as a ticker, whose side is the taker's.
TEST(CoinbaseWire, SideIsThatOfTheTickerOfTheSameTrade) {
  const auto folder = testing::payload_folder("coinbase");
  if (folder.empty()) GTEST_SKIP() << testing::no_payloads;
  Parser parser;
  std::map<std::string, std::string> takers;  // by product and trade id, as tickers tell
  std::map<std::string, std::string> told;
  for (const std::string& line : testing::lines_of(testing::contents(folder / "cryptofeed_COINBASE.ws.txt"))) {
    const std::size_t begin = line.find('{');
    if (begin == std::string::npos) continue;
    const std::string body = line.substr(begin);
    const auto field = [&](const std::string& name) {
      const std::size_t at = body.find('"' + name + "\":");
      if (at == std::string::npos) return std::string();
      const std::string rest = body.substr(at + name.size() + 3);
      return rest.substr(0, rest.find_first_of(",}"));
    };
    const Parsed parsed{parser, feed, body};
    if (field("type") == "\"ticker\"") takers[field("product_id") + field("trade_id")] = field("side");
    for (const WireEvent& event : parsed.events()) {
      if (event.kind != EventKind::tick) continue;
      told['"' + std::string(event.symbol) + '"' + std::to_string(event.trade_id)] =
          event.side == Side::buy ? "\"buy\"" : "\"sell\"";
    }
  }
  std::size_t compared = 0;
  for (const auto& [trade, side] : told) {
    if (!takers.contains(trade)) continue;
    EXPECT_EQ(side, takers[trade]) << trade;
    ++compared;
  }
  EXPECT_GE(compared, 100u);
}

}  // namespace
}  // namespace tapeline::feeds::coinbase
