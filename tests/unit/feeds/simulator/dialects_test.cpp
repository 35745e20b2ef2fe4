// What each simulated exchange says over a WebSocket and of past trades: read back by the parsers that read the real ones.
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feeds/registry.hpp"
#include "feeds/simulator/stream_dialect.hpp"
#include "feeds/simulator/stream_habits.hpp"
#include "feeds/simulator/trade_answers.hpp"
#include "feeds/simulator/websocket_frames.hpp"

namespace tapeline::feeds::simulator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Dialects : public ::testing::Test {
 protected:
  std::unique_ptr<StreamDialect> connect(std::string_view target) {
    return make_dialect(parse_target(target), market_, tape_);
  }
  StreamDialect::Send into(std::vector<std::string>& out) {
    return [&out](std::string_view message) { out.emplace_back(message); };
  }
  /// As the parser of `source` reads it.
  std::vector<WireEvent> read(const char* source, std::string body, Channel channel = 1,
                              std::string_view context = {}) {
    kept_.push_back(std::move(body));
    std::string& text = kept_.back();
    const std::size_t size = text.size();
    text.append(frame_padding_bytes, '\0');
    auto parser = find_source(source)->make_parser();
    WireOutput output;
    parser->parse(
        {.receive_ns = 5, .channel = channel, .http_status = 200, .context = context, .payload = {text.data(), size}},
        output);
    parsers_.push_back(std::move(parser));
    return output.events;
  }

  Market market_{{.start_ns = 1'700'000'000 * nanos_per_second}};
  TradeTape tape_{market_, {.start_ns = 1'700'000'000 * nanos_per_second}};
  std::deque<std::string> kept_;
  std::vector<std::unique_ptr<WireParser>> parsers_;
};

TEST_F(Dialects, LiveWhereTheExchangesDo) {
  EXPECT_NE(connect("/stream?streams=btcusdt@trade"), nullptr);
  EXPECT_NE(connect("/v2"), nullptr);
  EXPECT_NE(connect("/"), nullptr);
  EXPECT_NE(connect("/?version=2"), nullptr);
  EXPECT_EQ(connect("/v1"), nullptr);
}

TEST_F(Dialects, TellTheSameTradeWithTheTakersSide) {
  struct Case {
    const char* source;
    const char* target;
    const char* request;
    const char* symbol;
  };
  const Trade trade{.asset = 0,
                    .id = 77,
                    .event_ns = 1'700'000'001'123'456'000,
                    .price_ticks = 6'183'763,
                    .quantity_units = 12,
                    .taker = TakerSide::sell,
                    .bid_ticks = 6'183'763,
                    .ask_ticks = 6'183'764};
  for (const Case& c :
       {Case{"binance", "/stream?streams=btcusdt@trade", "", "BTCUSDT"},
        Case{"binance", "/stream?streams=btcusdt@aggTrade", "", "BTCUSDT"},
        Case{"coinbase", "/", R"({"type":"subscribe","product_ids":["BTC-USD"],"channels":["matches"]})", "BTC-USD"},
        Case{"kraken", "/v2", R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]},"req_id":1})",
             "BTC/USD"}}) {
    const auto dialect = connect(c.target);
    std::vector<std::string> replies;
    if (*c.request != '\0') dialect->answer(c.request, into(replies));
    std::vector<std::string> told;
    dialect->tell(trade, into(told));
    ASSERT_EQ(told.size(), 1U) << c.target;
    const auto events = read(c.source, told[0]);
    ASSERT_EQ(events.size(), 1U) << told[0];
    EXPECT_EQ(events[0].kind, EventKind::tick) << told[0];
    EXPECT_EQ(events[0].symbol, c.symbol);
    EXPECT_EQ(events[0].trade_id, 77U);
    EXPECT_EQ(events[0].side, Side::sell);
    EXPECT_EQ(to_string(events[0].price), "61837.63");
    EXPECT_EQ(events[0].event_ns / nanos_per_millisecond, 1'700'000'001'123);
  }
}

TEST_F(Dialects, TellQuotesAndBars) {
  Trade trade{.asset = 0,
              .id = 1,
              .event_ns = 1'700'000'001 * nanos_per_second,
              .price_ticks = 100'000,
              .quantity_units = 12,
              .taker = TakerSide::buy,
              .bid_ticks = 99'999,
              .ask_ticks = 100'000};
  const auto binance = connect("/stream?streams=btcusdt@kline_1m/btcusdt@bookTicker");
  std::vector<std::string> told;
  binance->tell(trade, into(told));
  trade.event_ns += 60 * nanos_per_second;
  trade.price_ticks = 110'000;
  binance->tell(trade, into(told));
  std::vector<EventKind> kinds;
  std::vector<std::uint8_t> flags;
  for (const std::string& message : told) {
    const auto events = read("binance", message);
    ASSERT_EQ(events.size(), 1U) << message;
    kinds.push_back(events[0].kind);
    if (events[0].kind == EventKind::source_bar) flags.push_back(events[0].flags);
  }
  EXPECT_THAT(kinds, ElementsAre(EventKind::quote, EventKind::source_bar, EventKind::quote, EventKind::source_bar,
                                 EventKind::source_bar));
  EXPECT_THAT(flags, ElementsAre(event_provisional, event_final, event_provisional));
}

TEST_F(Dialects, SnapshotsOfYahooComeOnceASecondForWhatIsSubscribedTo) {
  constexpr Nanos start_ns = 1'700'000'001'123 * nanos_per_millisecond;
  const auto yahoo = connect("/?version=2");
  std::vector<std::string> told;
  const auto trade_at = [&](std::size_t asset, Nanos after_ns, std::int64_t price_ticks) {
    yahoo->tell({.asset = asset, .event_ns = start_ns + after_ns, .price_ticks = price_ticks}, into(told));
  };
  trade_at(0, 0, 6'183'763);
  yahoo->answer("nonsense", into(told));
  yahoo->answer(R"({"subscribe":["BTC-USD","NO-SUCH",7]})", into(told));
  EXPECT_THAT(told, ElementsAre()) << "nothing was subscribed to, and no answer is given";
  trade_at(0, 0, 6'183'763);
  trade_at(1, 0, 200'000);  // nobody's
  trade_at(0, nanos_per_second - 1, 6'183'700);
  trade_at(0, nanos_per_second, 6'183'500);
  yahoo->answer(R"({"unsubscribe":["BTC-USD"]})", into(told));
  trade_at(0, 9 * nanos_per_second, 6'183'400);
  ASSERT_EQ(told.size(), 2U);
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto events = read("yahoo", told[i], 2);
    ASSERT_EQ(events.size(), 1U) << told[i];
    EXPECT_EQ(events[0].kind, EventKind::tick) << told[i];
    EXPECT_EQ(events[0].symbol, "BTC-USD");
    // A float32 has 24 bits: 61837.63 is 61837.62890625 there, and again 61837.63 by the hint.
    EXPECT_EQ(to_string(events[0].price), i == 0 ? "61837.63" : "61835");
    EXPECT_EQ(events[0].event_ns, start_ns + static_cast<Nanos>(i) * nanos_per_second);
  }
}

TEST_F(Dialects, SayWhichSymbolTheyDoNotKnow) {
  std::vector<std::string> out;
  connect("/")->answer(R"({"type":"subscribe","product_ids":["BTC-USD","NO-SUCH"],"channels":["matches"]})", into(out));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(read("coinbase", out[0])[0].symbol, "NO-SUCH");
  out.clear();
  connect("/v2")->answer(R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","NO/SUCH"]}})",
                         into(out));
  ASSERT_EQ(out.size(), 2U);
  EXPECT_TRUE(read("kraken", out[0]).empty());
  EXPECT_EQ(read("kraken", out[1])[0].symbol, "NO/SUCH");
}

TEST_F(Dialects, RememberTradesForRest) {
  TradeHistory history(market_, tape_);
  for (std::uint64_t id = 10; id < 20; ++id) {
    history.add({.asset = 0,
                 .id = id,
                 .event_ns = static_cast<Nanos>(id) * nanos_per_second,
                 .price_ticks = 100,
                 .quantity_units = 1});
  }
  struct Case {
    const char* source;
    const char* target;
    Channel channel;
    const char* context;
  };
  for (const Case& c :
       {Case{"binance", "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=13&limit=3", 2, "BTCUSDT 13 15"},
        Case{"binance", "/api/v3/aggTrades?symbol=BTCUSDT&fromId=13&limit=3", 3, "BTCUSDT 13 15"},
        Case{"coinbase", "/products/BTC-USD/trades?limit=3&after=16", 2, "BTC-USD 13 15"},
        Case{"kraken", "/0/public/Trades?pair=XBTUSD&since=12999999999&count=1000", 2, "BTC/USD 13 15"}}) {
    const auto reply = answer_trades(history, parse_target(c.target));
    ASSERT_TRUE(reply.has_value()) << c.target;
    std::vector<std::uint64_t> ids;
    for (const WireEvent& event : read(c.source, reply->body, c.channel, c.context)) ids.push_back(event.trade_id);
    EXPECT_THAT(ids, ElementsAre(13U, 14U, 15U)) << reply->body;
  }
  EXPECT_EQ(answer_trades(history, parse_target("/api/v3/historicalTrades?symbol=NOUSDT"))->status, 400U);
  EXPECT_EQ(answer_trades(history, parse_target("/products/NO-USD/trades"))->status, 404U);
  EXPECT_FALSE(answer_trades(history, parse_target("/query")).has_value());
}

TEST(StreamHabits, LoseSwapAndDoubleByCount) {
  SimulatorOptions options;
  options.lose_every = 4;
  options.swap_every = 3;
  options.duplicate_every = 5;
  StreamHabits habits(options);
  std::string sent;
  for (const char* message : {"1", "2", "3", "4", "5", "6", "7"}) {
    habits.pass(message, [&](std::string_view one) { sent += one; });
  }
  EXPECT_EQ(sent, "1255376");
}

TEST(Frames, InFragmentsAreOneMessage) {
  std::string whole;
  append_fragments(whole, Opcode::text, "abcdef", 4);
  EXPECT_EQ(whole, std::string("\x01\x04"
                               "abcd"
                               "\x80\x02"
                               "ef"));
}

}  // namespace
}  // namespace tapeline::feeds::simulator
