#include "feeds/binance/wire.hpp"

#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds::binance {
namespace {

using testing::Parsed;
using testing::Request;
using Lines = std::vector<std::string>;

const Request stream{.channel = combined, .context = "", .http_status = 0};

Lines lines(std::string_view body) {
  Parser parser;
  return Parsed{parser, stream, body}.lines();
}

std::string ignored(std::string_view body) {
  Parser parser;
  const Parsed parsed{parser, stream, body};
  EXPECT_TRUE(parsed.events().empty()) << body;
  return std::string{parsed.ignored()};
}

TEST(BinanceWire, TradeIsATickOfTheTaker) {
  EXPECT_EQ(lines(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255401,"s":"BTCUSDT","t":3719,)"
                  R"("p":"61837.63000000","q":"0.00054000","T":1723161255399,"m":true,"M":true}})"),
            (Lines{"BTCUSDT 1723161255399000000 61837.63 0.00054 3719 sell"}));
  EXPECT_EQ(lines(R"({"e":"trade","E":1,"s":"BTCUSDT","t":3720,"p":"61837.64","q":"1","T":1723161255400,"m":false})"),
            (Lines{"BTCUSDT 1723161255400000000 61837.64 1 3720 buy"}));
}

TEST(BinanceWire, FieldsComeInAnyOrder) {
  EXPECT_EQ(
      lines(R"({"data":{"m":false,"T":1723161255400,"q":"1","p":"61837.64","t":3720,"s":"BTCUSDT","E":1,"e":"trade"},)"
            R"("stream":"btcusdt@trade"})"),
      (Lines{"BTCUSDT 1723161255400000000 61837.64 1 3720 buy"}));
}

TEST(BinanceWire, SixteenDigitsAreMicroseconds) {
  EXPECT_EQ(lines(R"({"e":"trade","s":"BTCUSDT","t":1,"p":"1","q":"1","T":1723161255399123,"m":true})"),
            (Lines{"BTCUSDT 1723161255399123000 1 1 1 sell"}));
}

TEST(BinanceWire, SymbolMayBeEscapedOrNotAscii) {
  EXPECT_EQ(lines(R"({"e":"trade","s":"\u5e01USDT","t":1,"p":"1","q":"1","T":1723161255399,"m":true})"),
            (Lines{"币USDT 1723161255399000000 1 1 1 sell"}));
  EXPECT_EQ(lines(R"({"e":"trade","s":"币USDT","t":1,"p":"1","q":"1","T":1723161255399,"m":true})"),
            (Lines{"币USDT 1723161255399000000 1 1 1 sell"}));
}

TEST(BinanceWire, OtherMessagesAreIgnoredByTheirKind) {
  EXPECT_EQ(ignored(R"({"e":"depthUpdate","E":1,"s":"S","U":1,"u":2,"b":[["1","2"]],"a":[]})"), "depthUpdate");
  EXPECT_EQ(ignored(R"({"lastUpdateId":1,"bids":[["1","2"]],"asks":[]})"), "snapshot");
  EXPECT_EQ(ignored(R"({"result":null,"id":1})"), "subscribed");
  EXPECT_EQ(ignored(R"({"result":["btcusdt@trade"],"id":3})"), "subscribed");
  EXPECT_EQ(ignored(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}})"),
            "serverShutdown");
}

TEST(BinanceWire, AggregateTradeIsATickWithIdsOfItsOwn) {
  EXPECT_EQ(lines(R"({"e":"aggTrade","E":1,"s":"S","a":12345,"p":"0.001","q":"100","f":100,"l":105,)"
                  R"("T":1723161255399,"m":true,"M":true})"),
            (Lines{"S 1723161255399000000 0.001 100 12345 sell"}));
}

TEST(BinanceWire, BookTickerIsAQuoteOfItsTimeOrOfNow) {
  EXPECT_EQ(lines(R"({"u":35346513501,"s":"ETHUSDT","b":"2683.80","B":"3.0","a":"2683.9","A":"31.4"})"),
            (Lines{"ETHUSDT 1900000000000000000 2683.8 2683.9 quote"}));
  EXPECT_EQ(lines(R"({"stream":"x","data":{"e":"bookTicker","u":6,"E":1723161255399,"s":"S","b":"0.00000000","B":"0",)"
                  R"("a":"8","A":"1"}})"),
            (Lines{"S 1723161255399000000 0 8 quote"}));
  EXPECT_EQ(lines(R"({"u":1,"s":"S","b":"abc","B":"3.0","a":"2683.9","A":"31.4"})"),
            (Lines{"S 1900000000000000000 not_a_number"}));
}

TEST(BinanceWire, KlineIsABarThatIsOverWhenItSaysSo) {
  const auto kline = [](const char* interval, const char* is_over) {
    return std::string(R"({"e":"kline","E":1,"s":"S","k":{"t":1723161240000,"T":1723161299999,"s":"S","i":")") +
           interval + R"(","f":1,"L":9,"o":"1.10","c":"1.3","h":"1.4","l":"1.0","v":"17","n":9,"x":)" + is_over +
           R"(,"q":"1","V":"1","Q":"1","B":"0"}})";
  };
  Parser parser;
  const std::string closed = kline("5m", "true");
  const Parsed over{parser, stream, closed};
  EXPECT_EQ(over.lines(), (Lines{"S 1723161240000000000 1.1 1.4 1 1.3 17"}));
  EXPECT_EQ(over.events()[0].flags, event_final);
  EXPECT_EQ(over.events()[0].interval_s, 300u);
  const std::string running = kline("1s", "false");
  const Parsed open{parser, stream, running};
  EXPECT_EQ(open.events()[0].flags, event_provisional);
  EXPECT_EQ(open.events()[0].interval_s, 1u);
  EXPECT_EQ(ignored(kline("1M", "true")), "kline of another interval");
}

TEST(BinanceWire, TradesOfAnAnswerAreBackfilledOnesOfTheRangeThatWasAskedFor) {
  Parser parser;
  const Parsed historical{
      parser,
      {.channel = historical_trades, .context = "BTCUSDT 28457 28458"},
      R"([{"id":28456,"price":"3","qty":"1","quoteQty":"3","time":1723161255398,"isBuyerMaker":true},)"
      R"({"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012",)"
      R"("time":1723161255399,"isBuyerMaker":true,"isBestMatch":true},)"
      R"({"id":28458,"price":"4","qty":"0","time":1723161255400,"isBuyerMaker":false}])"};
  EXPECT_EQ(historical.lines(),
            (Lines{"BTCUSDT 1723161255399000000 4.000001 12 28457 sell", "BTCUSDT 1723161255400000000 4 0 28458 buy"}));
  EXPECT_EQ(historical.events()[0].flags, event_backfilled);
  const Parsed aggregate{parser,
                         {.channel = aggregate_trades, .context = "S 5"},
                         R"([{"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1723161255399,)"
                         R"("m":true,"M":true}])"};
  EXPECT_EQ(aggregate.lines(), (Lines{"S 1723161255399000000 0.01633102 4.70443515 26129 sell"}));
  const Parsed none{parser, {.channel = historical_trades, .context = "S 5"}, "[]"};
  EXPECT_TRUE(none.events().empty());
  EXPECT_EQ(none.ignored(), "no trades");
}

TEST(BinanceWire, RefusedAnswersSayOfWhichSymbol) {
  struct Case {
    std::uint16_t status;
    const char* body;
    Reason reason;
  };
  Parser parser;
  for (const Case& c : {Case{400, R"({"code":-1121,"msg":"Invalid symbol."})", Reason::refused_permanent},
                        Case{429, R"({"code":-1003,"msg":"Too much request weight used"})", Reason::refused_rate_limit},
                        Case{400, R"({"code":-1001,"msg":"Internal error"})", Reason::refused_temporary},
                        Case{418, "", Reason::refused_rate_limit}, Case{502, "<html>", Reason::server_error},
                        Case{451, R"({"code":0,"msg":"restricted location"})", Reason::refused_permanent},
                        Case{404, "{}", Reason::refused_permanent}}) {
    const Parsed parsed{parser, {.channel = historical_trades, .context = "S 5 9", .http_status = c.status}, c.body};
    EXPECT_EQ(parsed.refusal(), c.reason) << c.body;
    EXPECT_EQ(parsed.events()[0].symbol, "S");
  }
  const Parsed cut{parser, {.channel = historical_trades, .context = "S 5 9"}, R"([{"id":5,"price":"3")"};
  ASSERT_EQ(cut.events().size(), 1u);
  EXPECT_EQ(cut.events()[0].reason, Reason::unparsable);
}

TEST(BinanceWire, NoticesAcknowledgementsAndGoodbyes) {
  Parser parser;
  WireOutput output;
  const auto notice_of = [&](std::string body) {
    const std::size_t size = body.size();
    body.append(frame_padding_bytes, '\0');
    output.clear();
    parser.parse({.channel = combined, .context = {}, .payload = {body.data(), size}}, output);
    EXPECT_EQ(output.notices.size(), 1u) << body;
    return output.notices.empty() ? WireNotice{} : output.notices[0];
  };
  EXPECT_EQ(notice_of(R"({"result":null,"id":7})").kind, WireNotice::Kind::subscribed);
  EXPECT_EQ(notice_of(R"({"result":null,"id":7})").id, 7u);
  EXPECT_EQ(notice_of(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})").kind,
            WireNotice::Kind::closing);
}

TEST(BinanceWire, ErrorReplyIsAPermanentRefusal) {
  Parser parser;
  const Parsed parsed{parser, stream, R"({"code": 2, "msg": "Invalid request: unknown variant"})"};
  EXPECT_EQ(parsed.refusal(), Reason::refused_permanent);
  EXPECT_EQ(parsed.events()[0].text, "error 2: Invalid request: unknown variant");
  EXPECT_EQ((Parsed{parser, stream, R"({"error":{"code":2,"msg":"Invalid request"},"id":4})"}.refusal()),
            Reason::refused_permanent);
}

TEST(BinanceWire, RejectsNameTheField) {
  struct Case {
    const char* body;
    Reason reason;
    const char* text;
  };
  const std::array cases{
      Case{R"({"e":"trade","t":1,"p":"1","q":"1","T":1723161255399,"m":true})", Reason::missing_field,
           "s (symbol) is missing"},
      Case{R"({"e":"trade","s":"S","t":1,"q":"1","T":1723161255399,"m":true})", Reason::missing_field,
           "p (price) is missing"},
      Case{R"({"e":"trade","s":"S","t":1,"p":"abc","q":"1","T":1723161255399})", Reason::not_a_number,
           "p (price) is not a number: 'abc'"},
      Case{R"({"e":"trade","s":"S","t":1,"p":"0.00","q":"1","T":1723161255399})", Reason::non_positive_price,
           "p (price) is not positive: '0.00'"},
      Case{R"({"e":"trade","s":"S","t":1,"p":"1","q":"-1","T":1723161255399})", Reason::negative_volume,
           "q (quantity) is negative: '-1'"},
      Case{R"({"e":"trade","s":"S","t":1,"p":"1.2345678901234567891","q":"1","T":1723161255399})",
           Reason::out_of_precision, "p (price) has more than 18 significant digits: '1.2345678901234567891'"},
      Case{R"({"e":"trade","s":"S","t":1,"p":"1","q":"1"})", Reason::missing_field, "T (trade time) is missing"},
      Case{R"({"e":"trade","s":"S","t":1,"p":"1","q":"1","T":"soon"})", Reason::bad_timestamp,
           "T (trade time) is no valid time: '\"soon\"'"},
      Case{R"({"e":"trade","s":"S","t":-4,"p":"1","q":"1","T":1723161255399})", Reason::not_a_number,
           "t (trade id) is not a number: '-4'"},
      Case{R"({"e":"trade","s":"S","t":1)", Reason::unparsable, "the message is no whole JSON object"},
      Case{R"({"stream":"x","data":{"e":"trade","s":"S"})", Reason::unparsable, "the message is no whole JSON object"},
      Case{R"({"result":null,"id":1} {"result":null,"id":2})", Reason::unparsable,
           "the message is no whole JSON object"},
      Case{"pong", Reason::unparsable, "the message is no whole JSON object"},
      Case{"", Reason::unparsable, "the message is no whole JSON object"},
      Case{"{}", Reason::unparsable, "a message of no kind that we know"},
  };
  Parser parser;
  for (const Case& c : cases) {
    const Parsed parsed{parser, stream, c.body};
    ASSERT_EQ(parsed.events().size(), 1u) << c.body;
    EXPECT_EQ(parsed.events()[0].kind, EventKind::reject) << c.body;
    EXPECT_EQ(parsed.events()[0].reason, c.reason) << c.body;
    EXPECT_EQ(parsed.events()[0].text, c.text) << c.body;
  }
}

TEST(BinanceWire, RecordedStreamsGiveExactlyTheirTrades) {
  const auto folder = testing::payload_folder("binance");
  if (folder.empty() || access(testing::python, X_OK) != 0) GTEST_SKIP() << testing::no_payloads;
  Parser parser;
  std::size_t trades = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string name = entry.path().filename();
    if (name.find(".txt") == std::string::npos) continue;
    SCOPED_TRACE(name);
    Lines got;
    std::size_t frames = 0;
    for (const std::string& line : testing::lines_of(testing::contents(entry.path()))) {
      const std::size_t begin = line.find('{');
      if (begin == std::string::npos) continue;  // the first line of a capture names its URL
      ++frames;
      const Parsed parsed{parser, stream, std::string_view{line}.substr(begin)};
      EXPECT_NE(parsed.ignored().empty(), parsed.events().empty()) << line;
      for (const std::string& event : parsed.lines()) got.push_back(event);
    }
    EXPECT_GT(frames, 0u);
    EXPECT_EQ(got, testing::expected_numbers("binance", "combined", "", entry.path()));
    trades += got.size();
  }
  EXPECT_GT(trades, 10'000u);
}

TEST(BinanceWire, RecordedControlMessagesAreWhatTheyAre) {
  const auto folder = testing::payload_folder("binance");
  if (folder.empty()) GTEST_SKIP() << testing::no_payloads;
  const auto body = [&](const char* name) { return testing::contents(folder / name); };
  EXPECT_EQ(ignored(body("docs_subscribe_ack.json")), "subscribed");
  EXPECT_EQ(ignored(body("docs_list_subscriptions.json")), "subscribed");
  EXPECT_EQ(ignored(body("docs_server_shutdown_raw.json")), "serverShutdown");
  EXPECT_EQ(ignored(body("docs_server_shutdown_combined.json")), "serverShutdown");
  Parser parser;
  EXPECT_EQ((Parsed{parser, stream, body("docs_error_invalid_json.json")}.refusal()), Reason::refused_permanent);
  EXPECT_EQ((Parsed{parser, stream, body("docs_error_unknown_method.json")}.refusal()), Reason::refused_permanent);
}

}  // namespace
}  // namespace tapeline::feeds::binance
