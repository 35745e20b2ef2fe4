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
  EXPECT_EQ(ignored(R"({"u":35346513501,"s":"ETHUSDT","b":"2683.8","B":"3.0","a":"2683.9","A":"31.4"})"), "bookTicker");
  EXPECT_EQ(ignored(R"({"stream":"x","data":{"e":"bookTicker","u":6,"s":"S","b":"7","B":"2","a":"8","A":"1"}})"),
            "bookTicker");
  EXPECT_EQ(ignored(R"({"e":"depthUpdate","E":1,"s":"S","U":1,"u":2,"b":[["1","2"]],"a":[]})"), "depthUpdate");
  EXPECT_EQ(ignored(R"({"e":"aggTrade","E":1,"s":"S","a":1,"p":"1","q":"1","f":1,"l":1,"T":1,"m":true})"), "aggTrade");
  EXPECT_EQ(ignored(R"({"e":"kline","E":1,"s":"S","k":{"t":1,"T":2,"s":"S","o":"1","c":"2","x":false}})"), "kline");
  EXPECT_EQ(ignored(R"({"lastUpdateId":1,"bids":[["1","2"]],"asks":[]})"), "snapshot");
  EXPECT_EQ(ignored(R"({"result":null,"id":1})"), "subscribed");
  EXPECT_EQ(ignored(R"({"result":["btcusdt@trade"],"id":3})"), "subscribed");
  EXPECT_EQ(ignored(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}})"),
            "serverShutdown");
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
