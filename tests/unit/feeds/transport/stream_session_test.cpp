// The session of a stream, without a socket and without a clock: what it is told, and what it says to do.
#include "feeds/transport/stream_session.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feeds/binance/source.hpp"
#include "feeds/coinbase/source.hpp"
#include "feeds/kraken/source.hpp"

namespace tapeline::feeds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = StreamAction::Kind;

constexpr Nanos second = nanos_per_second;

/// Drives a session, and keeps what it wants.
class Driver {
 public:
  explicit Driver(StreamPlan plan, const std::vector<JournaledTrade>& journaled = {}) : session(std::move(plan), 1) {
    for (const JournaledTrade& trade : journaled) session.resume(trade);
    session.start(now);
  }

  void open(std::size_t link = 0) { session.opened(link, now); }
  bool hear(std::string message, std::size_t link = 0) {
    const std::size_t size = message.size();
    message.append(frame_padding_bytes, '\0');
    return session.heard(link, std::string_view(message).substr(0, size), now, now);
  }
  void answer(std::uint16_t status, std::string body, int retry_after_s = 0) {
    const std::size_t size = body.size();
    body.append(frame_padding_bytes, '\0');
    session.answered({status, std::string_view(body).substr(0, size), context, retry_after_s}, now, now);
  }
  /// In steps as small as the real one's; `alive` says every second that the line is.
  void pass(Nanos time_ns, bool alive = true) {
    for (const Nanos end = now + time_ns; now < end;) {
      now += second / 20;
      if (alive && now % second == 0) session.pinged(0, now);
      session.pass_time(now);
    }
  }
  /// What is to be done, as "open 0", "send 0 text", "fetch target"; the context of the last fetch is kept.
  std::vector<std::string> actions() {
    std::vector<std::string> lines;
    for (const StreamAction& action : session.take_actions()) {
      switch (action.kind) {
        case Kind::open: lines.push_back("open " + std::to_string(action.link)); break;
        case Kind::close: lines.push_back("close " + std::to_string(action.link)); break;
        case Kind::send: lines.push_back("send " + std::to_string(action.link) + " " + action.text); break;
        case Kind::fetch:
          lines.push_back("fetch " + action.text);
          context = action.context;
          break;
      }
    }
    return lines;
  }
  SourceStatus status() {
    SourceStatus status;
    session.describe(status);
    return status;
  }

  Nanos now = 1'000 * second;
  StreamSession session;
  std::string context;
};

binance::Config two_symbols() {
  binance::Config config;
  config.symbols = {{"BTC-USD", "BTCUSDT"}, {"ETH-USD", "ETHUSDT"}};
  return config;
}

std::string trade(std::uint64_t id, const std::string& symbol = "BTCUSDT") {
  return R"({"e":"trade","E":1723161255123,"s":")" + symbol + R"(","t":)" + std::to_string(id) +
         R"(,"p":"61837.63","q":"0.1","T":)" + std::to_string(1'723'161'255'000 + id) + R"(,"m":true,"M":true})";
}

std::string told(std::uint64_t first, std::uint64_t last) {
  std::string list = "[";
  for (std::uint64_t id = first; id <= last; ++id) {
    list += (id == first ? "" : ",") + (R"({"id":)" + std::to_string(id)) +
            R"(,"price":"1","qty":"1","time":1723161255399,"isBuyerMaker":true})";
  }
  return list + "]";
}

TEST(StreamSession, OpensAtOnceAndAfterAFailureAtOnceAgain) {
  Driver driver(binance::stream_plan(two_symbols()));
  EXPECT_THAT(driver.actions(), ElementsAre("open 0"));
  driver.session.closed(0, "refused", driver.now);
  EXPECT_THAT(driver.actions(), ElementsAre("open 0"));
  driver.session.closed(0, "refused", driver.now);
  EXPECT_THAT(driver.actions(), IsEmpty());  // now it waits
  EXPECT_THAT(driver.status().state, HasSubstr("reconnecting: refused"));
  EXPECT_EQ(driver.status().reconnects, 2U);
  driver.pass(2 * second);
  EXPECT_THAT(driver.actions(), ElementsAre("open 0"));
}

TEST(StreamSession, SubscribesInBatchesAndSpaced) {
  binance::Config config;
  for (int i = 0; i < 250; ++i) config.symbols.push_back({"S" + std::to_string(i), "S" + std::to_string(i)});
  Driver driver(binance::stream_plan(config));
  (void)driver.actions();
  driver.open();
  auto sent = driver.actions();
  ASSERT_EQ(sent.size(), 1U);  // 100 stand in the address
  EXPECT_THAT(sent[0], HasSubstr(R"("s100@trade")"));
  EXPECT_THAT(sent[0], ::testing::Not(HasSubstr(R"("s200@trade")")));
  driver.pass(second / 10);
  EXPECT_THAT(driver.actions(), IsEmpty());
  driver.pass(second / 5);
  sent = driver.actions();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0], HasSubstr(R"("s249@trade")"));
}

TEST(StreamSession, AsksAgainForWhatIsNotAcknowledged) {
  kraken::Config config;
  config.symbols = {{"A", "A/USD"}, {"B", "B/USD"}};
  Driver driver(kraken::stream_plan(config));
  driver.open();
  (void)driver.actions();
  EXPECT_TRUE(driver.hear(R"({"method":"subscribe","result":{"channel":"trade","symbol":"A/USD"},"success":true})"));
  driver.pass(6 * second);
  const auto sent = driver.actions();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0], HasSubstr(R"("symbol":["B/USD"])"));
}

TEST(StreamSession, AnUnknownSymbolIsAnErrorOfItsOwn) {
  coinbase::Config config;
  config.symbols = {{"A", "A-USD"}, {"B", "B-USD"}, {"C", "C-USD"}};
  Driver driver(coinbase::stream_plan(config));
  driver.open();
  (void)driver.actions();
  // One wrong product spoils the whole request.
  (void)driver.hear(R"({"type":"error","message":"Failed to subscribe","reason":"B-USD is not a valid product"})");
  driver.pass(second);
  const auto sent = driver.actions();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_THAT(sent[0], HasSubstr(R"("product_ids":["A-USD"])"));
  EXPECT_THAT(sent[1], HasSubstr(R"("product_ids":["C-USD"])"));
  EXPECT_THAT(driver.status().troubles,
              ElementsAre(SymbolTrouble{"B-USD", "refused: Failed to subscribe: B-USD is not a valid product"}));
}

TEST(StreamSession, AsksForTheTradesOfAGap) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  EXPECT_TRUE(driver.hear(trade(100)));
  EXPECT_TRUE(driver.hear(trade(104)));
  driver.pass(second);
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /api/v3/historicalTrades?symbol=BTCUSDT&fromId=101&limit=3"));
  EXPECT_EQ(driver.context, "BTCUSDT 101 103");
  EXPECT_EQ(driver.status().gaps, 1U);
  EXPECT_THAT(driver.status().troubles, ElementsAre(SymbolTrouble{"BTCUSDT", "3 trades are missing"}));
  driver.answer(200, told(101, 103));
  EXPECT_THAT(driver.status().troubles, IsEmpty());
  EXPECT_EQ(driver.status().backfilled, 3U);
  driver.pass(3 * second);
  EXPECT_THAT(driver.actions(), IsEmpty());
}

TEST(StreamSession, AfterTheProcessWasDownAsksForWhatTheJournalLacks) {
  // 13 came late and 15 never; ETHUSDT has not traded before.
  Driver driver(binance::stream_plan(two_symbols()), {{"BTCUSDT", 11, 1},
                                                      {"BTCUSDT", 12, 2},
                                                      {"BTCUSDT", 14, 4},
                                                      {"BTCUSDT", 13, 3},
                                                      {"BTCUSDT", 16, 6},
                                                      {"UNSUBSCRIBED", 7, 7}});
  (void)driver.actions();
  driver.open();
  (void)driver.actions();
  driver.pass(second / 2);
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /api/v3/historicalTrades?symbol=BTCUSDT&fromId=15&limit=1"));
  driver.answer(200, told(15, 15));
  EXPECT_TRUE(driver.hear(trade(20)));
  driver.pass(second);
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /api/v3/historicalTrades?symbol=BTCUSDT&fromId=17&limit=3"));
  driver.answer(200, told(17, 19));
  EXPECT_EQ(driver.status().backfilled, 4U);
  EXPECT_EQ(driver.status().gaps, 1U);  // the one before was told by the process before
  EXPECT_THAT(driver.status().troubles, IsEmpty());
  // And should it stay quiet, REST is asked whether it really was.
  Driver quiet(binance::stream_plan(two_symbols()), {{"BTCUSDT", 11, 1}});
  (void)quiet.actions();
  quiet.open();
  quiet.pass(4 * second);
  EXPECT_THAT(quiet.actions(), ElementsAre(HasSubstr("fetch /api/v3/historicalTrades?symbol=BTCUSDT&fromId=12")));
}

TEST(StreamSession, DoesNotAskForWhatOnlyCameLate) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  for (const std::uint64_t id : {100U, 102U, 101U}) EXPECT_TRUE(driver.hear(trade(id)));
  driver.pass(2 * second);
  EXPECT_THAT(driver.actions(), IsEmpty());
}

TEST(StreamSession, FillsALongGapPageByPage) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  (void)driver.hear(trade(1));
  (void)driver.hear(trade(2'502));
  driver.pass(second);
  EXPECT_THAT(driver.actions(), ElementsAre(HasSubstr("fromId=2&limit=1000")));
  driver.answer(200, told(2, 1'001));
  driver.pass(second);
  EXPECT_THAT(driver.actions(), ElementsAre(HasSubstr("fromId=1002&limit=1000")));
  driver.answer(200, told(1'002, 2'001));
  driver.pass(second);
  EXPECT_THAT(driver.actions(), ElementsAre(HasSubstr("fromId=2002&limit=500")));
  driver.answer(200, told(2'002, 2'501));
  EXPECT_THAT(driver.status().troubles, IsEmpty());
}

TEST(StreamSession, AGapThatCannotBeFilledStaysVisible) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  (void)driver.hear(trade(1));
  (void)driver.hear(trade(5));
  for (int i = 0; i < 100; ++i) {
    driver.pass(second);
    for (int j = 0; j < 3; ++j) (void)driver.hear(trade(6 + static_cast<std::uint64_t>(3 * i + j)));
    if (!driver.actions().empty()) driver.answer(200, "[]");
  }
  ASSERT_EQ(driver.status().troubles.size(), 1U);
  EXPECT_THAT(driver.status().troubles[0].what,
              HasSubstr("3 trades are missing; trade ids 2 to 4: the source does not have them"));
}

TEST(StreamSession, WaitsAsLongAsTheSourceAsks) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  (void)driver.hear(trade(1));
  (void)driver.hear(trade(3));
  driver.pass(second);
  ASSERT_EQ(driver.actions().size(), 1U);
  driver.answer(429, R"({"code":-1003,"msg":"Too much request weight used"})", 20);
  driver.pass(19 * second);
  EXPECT_THAT(driver.actions(), IsEmpty());
  driver.pass(2 * second);
  EXPECT_THAT(driver.actions(), ElementsAre(HasSubstr("fromId=2")));
}

TEST(StreamSession, AfterAReconnectWhatIsQuietIsAskedFor) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.hear(trade(100));
  (void)driver.hear(trade(7, "ETHUSDT"));
  (void)driver.actions();
  driver.session.closed(0, "broke", driver.now);
  (void)driver.actions();
  driver.open();
  EXPECT_TRUE(driver.hear(trade(101)));
  driver.pass(4 * second);
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /api/v3/historicalTrades?symbol=ETHUSDT&fromId=8&limit=1000"));
  EXPECT_EQ(driver.context, "ETHUSDT 8");
  driver.answer(200, told(8, 9));
  EXPECT_TRUE(driver.hear(trade(10, "ETHUSDT")));
  driver.pass(2 * second);
  EXPECT_THAT(driver.actions(), IsEmpty());
}

TEST(StreamSession, ANewSymbolThatStaysSilentIsAskedForAndMayBeUnknown) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  driver.pass(9 * second);
  for (int i = 0; i < 4; ++i) {
    (void)driver.hear(trade(100 + static_cast<std::uint64_t>(i)));
    driver.pass(second);
  }
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /api/v3/historicalTrades?symbol=ETHUSDT&limit=1"));
  driver.answer(400, R"({"code":-1121,"msg":"Invalid symbol."})");
  EXPECT_THAT(driver.status().troubles, ElementsAre(SymbolTrouble{"ETHUSDT", "refused: error -1121: Invalid symbol."}));
}

TEST(StreamSession, NoticesASilentSocketAfterTwiceTheUsualPauseAtLeastFiveSeconds) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  for (std::uint64_t i = 0; i < 60; ++i) {
    driver.pass(second / 2, false);
    (void)driver.hear(trade(100 + i));
  }
  (void)driver.actions();
  driver.pass(9 * second / 2, false);
  EXPECT_THAT(driver.actions(), IsEmpty());
  driver.pass(second, false);
  EXPECT_THAT(driver.actions(), ElementsAre("close 0", "open 0"));
  EXPECT_THAT(driver.status().last_error, HasSubstr("no message for 5.0 s"));
  ASSERT_FALSE(driver.status().troubles.empty());
  EXPECT_THAT(driver.status().troubles[0].what, HasSubstr("silent; it is usually heard of every 0.5 s"));
  // And all is as before.
  driver.open();
  (void)driver.hear(trade(160));
  EXPECT_THAT(driver.status().troubles, IsEmpty());
  EXPECT_EQ(driver.status().state, "streaming");
}

TEST(StreamSession, ASymbolThatFallsSilentAloneIsAskedForAndWhenItTradedTheConnectionIsReplaced) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  for (std::uint64_t i = 0; i < 60; ++i) {
    driver.pass(second / 2);
    (void)driver.hear(trade(100 + i));
    (void)driver.hear(trade(500 + i, "ETHUSDT"));
  }
  (void)driver.actions();
  for (std::uint64_t i = 60; i < 72; ++i) {  // six seconds of one alone
    driver.pass(second / 2);
    (void)driver.hear(trade(100 + i));
  }
  EXPECT_THAT(driver.status().troubles,
              ElementsAre(SymbolTrouble{"ETHUSDT", "silent; it is usually heard of every 0.5 s"}));
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /api/v3/historicalTrades?symbol=ETHUSDT&fromId=560&limit=1000"));
  driver.answer(200, "[]");  // only quiet
  EXPECT_THAT(driver.status().troubles, IsEmpty());
  for (std::uint64_t i = 72; i < 100; ++i) {
    driver.pass(second / 2);
    (void)driver.hear(trade(100 + i));
    if (!driver.actions().empty()) driver.answer(200, told(560, 561));
  }
  EXPECT_THAT(driver.status().last_error, HasSubstr("ETHUSDT was silent while it traded"));
}

TEST(StreamSession, GoesOverToANewConnectionBeforeTheOldOneEndsAndTakesEachTradeOnce) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  EXPECT_TRUE(driver.hear(trade(100)));
  EXPECT_TRUE(driver.hear(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})"));
  EXPECT_THAT(driver.actions(), ElementsAre("open 1"));
  driver.open(1);
  EXPECT_TRUE(driver.hear(trade(101), 0));
  EXPECT_FALSE(driver.hear(trade(101), 1));
  EXPECT_TRUE(driver.hear(trade(102), 1));
  EXPECT_FALSE(driver.hear(trade(102), 0));
  driver.pass(4 * second);
  EXPECT_THAT(driver.actions(), ElementsAre("close 0"));
  EXPECT_TRUE(driver.hear(trade(103), 1));
  EXPECT_EQ(driver.status().repeated, 2U);
  EXPECT_EQ(driver.status().reconnects, 0U);
  EXPECT_EQ(driver.status().gaps, 0U);
}

TEST(StreamSession, ReplacesAConnectionOfTwentyFourHours) {
  Driver driver(binance::stream_plan(two_symbols()));
  driver.open();
  (void)driver.actions();
  driver.now += 85'799 * second;
  driver.session.pinged(0, driver.now);
  driver.session.pass_time(driver.now);
  for (const std::string& action : driver.actions()) EXPECT_THAT(action, ::testing::StartsWith("fetch"));
  driver.pass(2 * second);
  const auto actions = driver.actions();
  EXPECT_NE(std::find(actions.begin(), actions.end(), "open 1"), actions.end());
}

TEST(StreamSession, CoinbaseHeartbeatTellsOfTradesThatDidNotCome) {
  coinbase::Config config;
  config.symbols = {{"A", "A-USD"}};
  Driver driver(coinbase::stream_plan(config));
  driver.open();
  (void)driver.actions();
  const auto beat = [&](int id) {
    (void)driver.hear(R"({"type":"heartbeat","last_trade_id":)" + std::to_string(id) +
                      R"(,"product_id":"A-USD","sequence":0,"time":"2021-11-02T11:30:50Z"})");
    driver.pass(second);
  };
  (void)driver.hear(R"({"type":"match","trade_id":10,"side":"buy","size":"1","price":"1","product_id":"A-USD",)"
                    R"("sequence":7,"time":"2021-11-02T11:30:50Z"})");
  (void)driver.hear(R"({"type":"subscriptions","channels":[{"name":"matches","product_ids":["A-USD"]}]})");
  beat(10);
  beat(12);
  EXPECT_THAT(driver.actions(), IsEmpty());  // they may be on their way
  beat(12);
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /products/A-USD/trades?limit=2&after=13"));
}

TEST(StreamSession, KrakenIsAskedByTimeUnderItsOldNames) {
  kraken::Config config;
  config.symbols = {{"A", "BTC/USD"}};
  Driver driver(kraken::stream_plan(config));
  driver.open();
  (void)driver.actions();
  const auto kraken_trade = [](int id) {
    return R"({"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":1,"qty":1,"trade_id":)" +
           std::to_string(id) + R"(,"timestamp":"2026-05-14T15:03:41Z"}]})";
  };
  (void)driver.hear(R"({"method":"subscribe","result":{"channel":"trade","symbol":"BTC/USD"},"success":true})");
  (void)driver.hear(kraken_trade(5));
  (void)driver.hear(kraken_trade(9));
  driver.pass(second);
  EXPECT_THAT(driver.actions(), ElementsAre("fetch /0/public/Trades?pair=XBTUSD&since=1778771020999999999&count=1000"));
  EXPECT_EQ(driver.context, "BTC/USD 6 8");
}

}  // namespace
}  // namespace tapeline::feeds
