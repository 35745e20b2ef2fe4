#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feeds/binance/source.hpp"
#include "feeds/binance/wire.hpp"
#include "fixture.hpp"
#include "server.hpp"

namespace tapeline::feeds::binance {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace tapeline::feeds::testing;

const std::string trade =
    R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255123,"s":"BTCUSDT","t":3737364851,)"
    R"("p":"61837.63000000",)"
    R"("q":"0.00017000","T":1723161255122,"m":true,"M":true}})";

Config two_symbols(const Server& server) {
  Config config;
  config.enabled = true;
  config.websocket_url = server.url("ws");
  config.symbols = {{"BTC-USD", "BTCUSDT"}, {"ETH-USD", "ETHUSDT"}};
  return config;
}

/// The source on an io_context of its own.
struct Running {
  Running(const Config& config, const TransportConfig& transport_config)
      : source(make_source(context, config, transport_config)) {
    source->start(sink);
  }
  bool until(const std::function<bool()>& is_done) { return run_until(context, is_done); }

  boost::asio::io_context context;
  KeepingSink sink;
  std::unique_ptr<Source> source;
};

TEST(BinanceSource, AppendsEachMessageAsAFrame) {
  Server server(Server::Script([](Peer& peer, int) {
    peer.send(trade);
    peer.send(R"({"result":null,"id":1})");
    peer.wait_for_end();
  }));
  Running running(two_symbols(server), transport());
  ASSERT_TRUE(running.until([&] { return running.sink.frames.size() == 2; })) << running.source->status().last_error;
  EXPECT_EQ(server.requests().at(0).target, "/stream?streams=btcusdt@trade/ethusdt@trade");

  const KeptFrame& frame = running.sink.frames[0];
  EXPECT_EQ(frame.source, code);
  EXPECT_EQ(frame.channel, combined);
  EXPECT_EQ(frame.http_status, 0);
  EXPECT_EQ(frame.context, "");
  EXPECT_EQ(frame.payload, trade);
  EXPECT_EQ(running.sink.frames[1].payload, R"({"result":null,"id":1})");

  const SourceStatus& status = running.source->status();
  EXPECT_EQ(status.name, "binance");
  EXPECT_EQ(status.state, "streaming");
  EXPECT_EQ(status.frames, 2U);
  EXPECT_EQ(status.bytes, trade.size() + running.sink.frames[1].payload.size());
  EXPECT_EQ(status.errors, 0U);
  EXPECT_EQ(status.reconnects, 0U);
  EXPECT_GT(status.last_frame_ns, 0);
  EXPECT_FALSE(running.source->exhausted());
}

TEST(BinanceSource, ConnectsAgainWhenTheServerCloses) {
  Server server(Server::Script([](Peer& peer, int connection) {
    peer.send(trade);
    if (connection < 2) return peer.close("24 hours are over");
    peer.wait_for_end();
  }));
  Running running(two_symbols(server), transport());
  ASSERT_TRUE(running.until([&] { return running.sink.frames.size() == 3; })) << running.source->status().last_error;
  EXPECT_EQ(running.source->status().reconnects, 2U);
  EXPECT_EQ(running.source->status().state, "streaming");
  EXPECT_THAT(running.source->status().last_error, HasSubstr("24 hours are over"));
}

TEST(BinanceSource, ConnectsAgainAfterSilence) {
  Server server(Server::Script([](Peer& peer, int) {
    peer.send(trade);
    peer.wait_for_end();
  }));
  Config config = two_symbols(server);
  config.silence_timeout_ms = 100;
  Running running(config, transport());
  ASSERT_TRUE(running.until([&] { return running.sink.frames.size() == 2; })) << running.source->status().last_error;
  EXPECT_GE(running.source->status().reconnects, 1U);
  EXPECT_THAT(running.source->status().last_error, HasSubstr("100 ms"));
}

TEST(BinanceSource, KeepsTryingWhileNobodyListens) {
  std::optional<Server> server(std::in_place, Server::Script([](Peer&, int) {}));
  Config config = two_symbols(*server);
  server.reset();
  Running running(config, transport());
  ASSERT_TRUE(running.until([&] { return running.source->status().reconnects >= 4; }));
  EXPECT_THAT(running.source->status().state, AllOf(HasSubstr("reconnecting"), HasSubstr("refused")));
}

TEST(BinanceSource, LeavesNothingBehindWhenItIsStopped) {
  Server server(Server::Script([](Peer& peer, int) {
    peer.send(trade);
    peer.wait_for_end();
  }));
  Running running(two_symbols(server), transport());
  ASSERT_TRUE(running.until([&] { return running.sink.frames.size() == 1; }));
  running.source->stop();
  EXPECT_EQ(running.source->status().state, "stopped");
  EXPECT_TRUE(running.until(
      [&] { return running.context.stopped() || running.context.run_one_for(std::chrono::milliseconds(1)) == 0; }));
  EXPECT_EQ(running.source->status().reconnects, 0U);
}

TEST(BinanceSource, ThrowsForAnAddressThatIsNone) {
  Config config;
  config.symbols = {{"BTC-USD", "BTCUSDT"}};
  config.websocket_url = "stream.binance.com";
  boost::asio::io_context context;
  EXPECT_THROW((void)make_source(context, config, transport()), std::invalid_argument);
}

TEST(BinanceCheck, TellsOnePrice) {
  Server server(Server::Script([](Peer& peer, int) {
    peer.send(R"({"result":null,"id":1})");
    peer.send(trade);
    peer.wait_for_end();
  }));
  const CheckResult result = check(two_symbols(server), transport(), 10'000);
  EXPECT_TRUE(result.ok) << result.detail;
  EXPECT_THAT(result.detail, AllOf(HasSubstr("BTCUSDT"), HasSubstr("61837.63")));
  EXPECT_GT(result.latency_ns, 0);
}

TEST(BinanceCheck, TellsWhyThereIsNone) {
  Authority authority;
  Server server(Server::Script([](Peer&, int) {}), authority.sign("localhost"));
  Config config = two_symbols(server);
  config.websocket_url = server.url("wss", "localhost");
  const CheckResult result = check(config, transport(), 5'000);
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.detail, AllOf(HasSubstr("localhost"), HasSubstr("ca_file")));
}

TEST(BinanceCheck, EndsWithItsTime) {
  Server server(Server::Script([](Peer& peer, int) { peer.wait_for_end(); }));
  const CheckResult result = check(two_symbols(server), transport(), 100);
  EXPECT_FALSE(result.ok);
  EXPECT_FALSE(result.detail.empty());
}

}  // namespace
}  // namespace tapeline::feeds::binance
