#include <algorithm>
#include <mutex>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feeds/yahoo/source.hpp"
#include "feeds/yahoo/wire.hpp"
#include "fixture.hpp"
#include "server.hpp"

namespace tapeline::feeds {
namespace {

using ::testing::HasSubstr;
using namespace tapeline::feeds::testing;

// {id: "AAPL", price: 75.0875, time: 1788379200000, market_hours: 0, price_hint: 2}
const std::string pricing = R"({"type":"pricing","message":"CgRBQVBMFc0slkIYgOinu4xoOADYAQQ="})";

yahoo::Config streaming(const Server& server, std::size_t symbols) {
  yahoo::Config config;
  config.enabled = true;
  config.mode = yahoo::Mode::streamer;
  config.streamer_url = server.url("ws");
  for (std::size_t i = 0; i < symbols; ++i) {
    const std::string name = i == 0 ? "AAPL" : "S" + std::to_string(i);
    config.symbols.push_back({name, name});
  }
  return config;
}

TEST(YahooStreamerSource, SubscribesHandsOnAndComesBack) {
  Server server(Server::Script([](Peer& peer, int connection) {
    EXPECT_EQ(peer.receive(), R"({"subscribe":["AAPL","S1"]})");
    peer.send(pricing);
    if (connection > 0) peer.wait_for_end();  // the first connection ends at once
  }));
  boost::asio::io_context context;
  KeepingSink sink;
  const auto source = yahoo::make_source(context, streaming(server, 2), transport());
  source->start(sink);
  ASSERT_TRUE(run_until(context, [&] { return sink.frames.size() == 2; })) << source->status().last_error;
  EXPECT_EQ(server.requests().at(0).target, "/?version=2");
  EXPECT_EQ(sink.frames[0].channel, yahoo::streamer);
  EXPECT_EQ(sink.frames[0].payload, pricing);
  EXPECT_EQ(sink.frames[0].http_status, 0);
  EXPECT_EQ(source->status().reconnects, 1U);
  EXPECT_FALSE(source->status().is_polled);
  source->stop();
}

TEST(YahooStreamerSource, OpensAConnectionForEachHundredSymbols) {
  std::mutex mutex;
  std::vector<std::size_t> sizes;
  Server server(Server::Script([&](Peer& peer, int) {
    const std::string subscription = peer.receive();
    const std::lock_guard lock(mutex);
    sizes.push_back(static_cast<std::size_t>(std::count(subscription.begin(), subscription.end(), ',')) + 1);
    peer.send(pricing);
  }));
  boost::asio::io_context context;
  KeepingSink sink;
  const auto source = yahoo::make_source(context, streaming(server, 230), transport());
  source->start(sink);
  ASSERT_TRUE(run_until(context, [&] { return sink.frames.size() >= 3; })) << source->status().last_error;
  source->stop();
  const std::lock_guard lock(mutex);
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), 100U);
  EXPECT_GE(sizes.size(), 3U);
}

TEST(YahooStreamerSource, GivesACheckItsPrice) {
  Server server(Server::Script([](Peer& peer, int) {
    static_cast<void>(peer.receive());
    peer.send(pricing);
    peer.wait_for_end();
  }));
  const CheckResult result = yahoo::check(streaming(server, 1), transport(), 10'000);
  EXPECT_TRUE(result.ok) << result.detail;
  EXPECT_THAT(result.detail, HasSubstr("AAPL 75.0875"));
}

}  // namespace
}  // namespace tapeline::feeds
