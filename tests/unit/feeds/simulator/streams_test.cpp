#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "feeds/simulator/binance_streams.hpp"
#include "feeds/simulator/binance_writer.hpp"
#include "feeds/simulator/send_limits.hpp"

namespace tapeline::feeds::simulator {
namespace {

const Trade trade{.asset = 0,
                  .id = 3'735'683'259,
                  .event_ns = 1'723'161'255'342'987'654,
                  .price_ticks = 6'183'763,
                  .quantity_units = 2000,
                  .taker = TakerSide::sell,
                  .bid_ticks = 6'183'763,
                  .ask_ticks = 6'183'764};

class Writer : public testing::Test {
 protected:
  Market market_{{.start_ns = nanos_per_second}};
  TradeTape tape_{market_, {.start_ns = nanos_per_second}};
  BinanceWriter writer_{market_, tape_};
  std::string text_;
};

TEST_F(Writer, WritesTradesByteForByte) {
  writer_.write_trade(trade, TimeUnit::millisecond, text_);
  EXPECT_EQ(text_, R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255342,"s":"BTCUSDT","t":3735683259,)"
                   R"("p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}})");
  writer_.write_trade(trade, TimeUnit::microsecond, text_);
  EXPECT_NE(text_.find(R"("E":1723161255342987,)"), std::string::npos);
}

TEST_F(Writer, UnwrapsRawMessages) {
  writer_.write_trade(trade, TimeUnit::millisecond, text_);
  EXPECT_EQ(BinanceWriter::raw_of(text_),
            R"({"e":"trade","E":1723161255342,"s":"BTCUSDT","t":3735683259,)"
            R"("p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true})");
}

TEST_F(Writer, WritesBookTickersWithoutEventNameOrTime) {
  writer_.write_book_ticker(trade, text_);
  simdjson::dom::parser parser;
  const simdjson::dom::element message = parser.parse(text_);
  EXPECT_EQ(std::string_view(message["stream"]), "btcusdt@bookTicker");
  EXPECT_EQ(std::string_view(message["data"]["b"]), "61837.63000000");
  EXPECT_EQ(std::string_view(message["data"]["a"]), "61837.64000000");
  EXPECT_NE(message["data"]["e"].error(), simdjson::SUCCESS);
}

TEST_F(Writer, WritesSmallPricesWithEightDigits) {
  Trade small = trade;
  small.asset = 3;
  small.price_ticks = 10'642;
  small.taker = TakerSide::buy;
  writer_.write_trade(small, TimeUnit::millisecond, text_);
  EXPECT_NE(text_.find(R"("s":"DOGEUSDT")"), std::string::npos);
  EXPECT_NE(text_.find(R"("p":"0.10642000")"), std::string::npos);
  EXPECT_NE(text_.find(R"("m":false)"), std::string::npos);
}

class Streams : public testing::Test {
 protected:
  Market market_{{.start_ns = nanos_per_second}};
  BinanceStreams streams_{market_};
};

TEST_F(Streams, SubscribesUnsubscribesAndLists) {
  EXPECT_EQ(streams_.answer(R"({"method":"SUBSCRIBE","params":["btcusdt@trade","ethusdt@bookTicker"],"id":1})"),
            R"({"result":null,"id":1})");
  EXPECT_TRUE(streams_.wants(StreamKind::trade, 0));
  EXPECT_FALSE(streams_.wants(StreamKind::book_ticker, 0));
  EXPECT_TRUE(streams_.wants(StreamKind::book_ticker, 1));
  EXPECT_EQ(streams_.answer(R"({"method":"LIST_SUBSCRIPTIONS","id":"x"})"),
            R"({"result":["btcusdt@trade","ethusdt@bookTicker"],"id":"x"})");
  EXPECT_EQ(streams_.answer(R"({"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":2})"),
            R"({"result":null,"id":2})");
  EXPECT_FALSE(streams_.wants(StreamKind::trade, 0));
}

TEST_F(Streams, AcceptsStreamsThatDoNotExistAndStaysSilent) {
  EXPECT_EQ(streams_.answer(R"({"method":"SUBSCRIBE","params":["nonesuch@trade"],"id":1})"),
            R"({"result":null,"id":1})");
  EXPECT_EQ(streams_.answer(R"({"method":"LIST_SUBSCRIPTIONS","id":3})"), R"({"result":["nonesuch@trade"],"id":3})");
}

TEST_F(Streams, RefusesNonsenseAsTheExchangeDoes) {
  EXPECT_EQ(streams_.answer("nonsense"), R"({"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"})");
  const std::string refusal = streams_.answer(R"({"method":"SUBSRIBE","params":[],"id":1})");
  EXPECT_EQ(refusal.find(R"({"code":2,"msg":"Invalid request: unknown variant)"), 0U);
  EXPECT_EQ(streams_.answer("[1]").find(R"({"code":2,)"), 0U);
}

TEST(SendLimits, EndsOrSilencesAConnectionAtTheCount) {
  SimulatorOptions options;
  options.messages_max = 2;
  SendLimits closing(options);
  EXPECT_EQ(closing.next(), Verdict::send);
  EXPECT_EQ(closing.next(), Verdict::send_then_close);

  options.messages_max.reset();
  options.silent_after = 1;
  SendLimits silent(options);
  EXPECT_EQ(silent.next(), Verdict::send);
  EXPECT_EQ(silent.next(), Verdict::withhold);
  EXPECT_EQ(silent.next(), Verdict::withhold);
}

}  // namespace
}  // namespace tapeline::feeds::simulator
