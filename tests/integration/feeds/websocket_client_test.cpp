#include "feeds/transport/websocket_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.hpp"
#include "proxy.hpp"
#include "server.hpp"

namespace tapeline::feeds {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace tapeline::feeds::testing;

/// One client and all that it said.
class Listening {
 public:
  explicit Listening(const std::string& url, const TransportConfig& config = transport(),
                     int silence_timeout_ms = 20'000)
      : client_(context_, *parse_url(url), config), silence_timeout_ms_(silence_timeout_ms) {
    open();
  }

  void open() {
    client_.open(silence_timeout_ms_,
                 {.on_open = [this] { ++opened; },
                  .on_message = [this](std::string_view message) { messages.emplace_back(message); },
                  .on_closed = [this](std::string reason) { closed.push_back(std::move(reason)); }});
  }
  bool until_messages(std::size_t count) {
    return run_until(context_, [&] { return messages.size() >= count || !closed.empty(); }) && messages.size() >= count;
  }
  std::string until_closed() {
    const std::size_t before = closed.size();
    return run_until(context_, [&] { return closed.size() > before; }) ? closed.back() : "not closed";
  }

  boost::asio::io_context& context() { return context_; }
  WebSocketClient& client() { return client_; }

  int opened = 0;
  std::vector<std::string> messages;
  std::vector<std::string> closed;

 private:
  boost::asio::io_context context_;
  WebSocketClient client_;
  int silence_timeout_ms_;
};

Server playing(Server::Script script) { return Server(std::move(script)); }

TEST(WebSocketClient, HandsOverEachMessage) {
  Server server = playing([](Peer& peer, int) {
    for (const char* message : {"first", "second", ""}) peer.send(message);
    peer.wait_for_end();
  });
  Listening listening(server.url("ws") + "/stream?streams=a@trade/b@trade");
  ASSERT_TRUE(listening.until_messages(3));
  EXPECT_EQ(listening.opened, 1);
  EXPECT_THAT(listening.messages, ElementsAre("first", "second", ""));
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.target, "/stream?streams=a@trade/b@trade");
  EXPECT_EQ(request.headers.at("host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_THAT(request.headers.at("sec-websocket-extensions"), HasSubstr("permessage-deflate"));
}

TEST(WebSocketClient, JoinsFragments) {
  Server server = playing([](Peer& peer, int) {
    peer.send_fragments({"{\"stream\":", "\"btcusdt@trade\"", "}"});
    peer.send("next");
    peer.wait_for_end();
  });
  Listening listening(server.url("ws"));
  ASSERT_TRUE(listening.until_messages(2));
  EXPECT_THAT(listening.messages, ElementsAre("{\"stream\":\"btcusdt@trade\"}", "next"));
}

TEST(WebSocketClient, ReadsLargeMessages) {
  std::string large;
  for (int i = 0; large.size() < 40'000; ++i) large += std::to_string(i) + ",";
  Server server = playing([&](Peer& peer, int) {
    peer.send(large);
    peer.send("small");
    peer.wait_for_end();
  });
  Listening listening(server.url("ws"));
  ASSERT_TRUE(listening.until_messages(2));
  EXPECT_TRUE(listening.messages[0] == large) << listening.messages[0].size();
  EXPECT_EQ(listening.messages[1], "small");
}

TEST(WebSocketClient, RefusesAMessageOverTheLimit) {
  Server server = playing([](Peer& peer, int) {
    peer.send("fits");
    peer.send(std::string(2'000'000, 'x'));  // a few kB on the wire: it is compressed
    peer.wait_for_end();
  });
  TransportConfig config = transport();
  config.body_bytes_max = 100'000;
  Listening listening(server.url("ws"), config);
  EXPECT_THAT(listening.until_closed(), HasSubstr("body_bytes_max"));
  EXPECT_THAT(listening.messages, ElementsAre("fits"));
}

TEST(WebSocketClient, AnswersPings) {
  Server server = playing([&](Peer& peer, int) {
    peer.ping("1700000000000");
    peer.send("say something");
    const std::string said = peer.receive();  // a pong comes before it, or not at all
    for (const std::string& pong : peer.pongs()) peer.send(said + " " + pong);
    peer.send("that was all");
    peer.wait_for_end();
  });
  Listening listening(server.url("ws"));
  ASSERT_TRUE(listening.until_messages(1));
  listening.client().send("pong");
  ASSERT_TRUE(listening.until_messages(3));
  EXPECT_THAT(listening.messages, ElementsAre("say something", "pong 1700000000000", "that was all"));
}

TEST(WebSocketClient, SendsText) {
  Server server = playing([](Peer& peer, int) {
    peer.send("welcome");
    const std::string first = peer.receive();
    peer.send(first + "|" + peer.receive());
    peer.wait_for_end();
  });
  Listening listening(server.url("ws"));
  ASSERT_TRUE(listening.until_messages(1));
  listening.client().send("one");
  listening.client().send("two");
  ASSERT_TRUE(listening.until_messages(2));
  EXPECT_EQ(listening.messages[1], "one|two");
}

TEST(WebSocketClient, KeepsTextsUntilItIsOpen) {
  Server server = playing([](Peer& peer, int) {
    const std::string first = peer.receive();
    peer.send(first + "|" + peer.receive());
    peer.wait_for_end();
  });
  Listening listening(server.url("ws"));
  listening.client().send("one");
  listening.client().send("two");
  ASSERT_TRUE(listening.until_messages(1)) << (listening.closed.empty() ? "" : listening.closed.front());
  EXPECT_EQ(listening.messages[0], "one|two");
}

TEST(WebSocketClient, SaysThatTheServerClosed) {
  Server server = playing([](Peer& peer, int) { peer.close("maintenance"); });
  Listening listening(server.url("ws"));
  EXPECT_THAT(listening.until_closed(), AllOf(HasSubstr("1001"), HasSubstr("maintenance")));
}

TEST(WebSocketClient, SaysThatTheConnectionBroke) {
  Server server = playing([](Peer& peer, int) { peer.send("cut off after this"); });
  Listening listening(server.url("ws"));
  EXPECT_THAT(listening.until_closed(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(listening.messages, ElementsAre("cut off after this"));
}

TEST(WebSocketClient, EndsSilence) {
  Server server = playing([](Peer& peer, int) { peer.wait_for_end(); });
  Listening listening(server.url("ws"), transport(), 100);
  EXPECT_THAT(listening.until_closed(), HasSubstr("100 ms"));
}

TEST(WebSocketClient, OpensAgain) {
  Server server = playing([](Peer& peer, int connection) { peer.send("connection " + std::to_string(connection)); });
  Listening listening(server.url("ws"));
  EXPECT_NE(listening.until_closed(), "not closed");
  listening.open();
  EXPECT_NE(listening.until_closed(), "not closed");
  EXPECT_THAT(listening.messages, ElementsAre("connection 0", "connection 1"));
  EXPECT_EQ(listening.opened, 2);
}

TEST(WebSocketClient, SaysThatAHandshakeIsRefused) {
  Server server(Server::Respond([](const SeenRequest&) { return answer(451, "not here"); }));
  Listening listening(server.url("ws"));
  EXPECT_THAT(listening.until_closed(), AllOf(HasSubstr("WebSocket handshake"), HasSubstr("451")));
  EXPECT_EQ(listening.opened, 0);
}

TEST(WebSocketClient, GivesUpOnASlowHandshake) {
  Server server(Server::Respond([](const SeenRequest&) { return Answer{"", After::hold}; }));
  TransportConfig config = transport();
  config.first_byte_timeout_ms = 50;
  Listening listening(server.url("ws"), config);
  EXPECT_THAT(listening.until_closed(), HasSubstr("WebSocket handshake"));
}

TEST(WebSocketClient, SaysThatAConnectionIsRefused) {
  std::string url;
  {
    Server server = playing([](Peer&, int) {});
    url = server.url("ws");
  }
  Listening listening(url);
  EXPECT_THAT(listening.until_closed(), AllOf(HasSubstr("cannot connect to 127.0.0.1"), HasSubstr("refused")));
}

TEST(WebSocketClient, IsQuietAfterCancel) {
  Server server = playing([](Peer& peer, int) {
    peer.send("one");
    peer.wait_for_end();
  });
  Listening listening(server.url("ws"));
  ASSERT_TRUE(listening.until_messages(1));
  listening.client().cancel();
  auto& context = listening.context();
  EXPECT_TRUE(
      run_until(context, [&] { return context.stopped() || context.run_one_for(std::chrono::milliseconds(1)) == 0; }));
  EXPECT_TRUE(listening.closed.empty());
}

TEST(WebSocketClient, MayBeCancelledByItsOwnMessage) {
  Server server = playing([](Peer& peer, int) {
    peer.send("one");
    peer.send("two");
    peer.wait_for_end();
  });
  boost::asio::io_context context;
  WebSocketClient client(context, *parse_url(server.url("ws")), transport());
  std::vector<std::string> messages;
  client.open(20'000,
              {.on_open = {},
               .on_message =
                   [&, guard = std::make_shared<int>(1)](std::string_view message) {
                     client.cancel();
                     messages.push_back(std::string(message) + std::to_string(*guard));  // what it holds is still there
                   },
               .on_closed = [&](std::string) { messages.emplace_back("closed"); }});
  EXPECT_TRUE(run_until(context, [&] { return !messages.empty(); }));
  EXPECT_TRUE(
      run_until(context, [&] { return context.stopped() || context.run_one_for(std::chrono::milliseconds(1)) == 0; }));
  EXPECT_THAT(messages, ElementsAre("one1"));
}

class SecureWebSocketClient : public ::testing::Test {
 protected:
  static void greet(Peer& peer, int) {
    peer.send("secure");
    peer.wait_for_end();
  }
  TransportConfig trusting() const {
    TransportConfig config = transport();
    config.ca_file = ca_file_;
    return config;
  }
  std::string failure(const Identity& identity, const TransportConfig& config) {
    Server server(Server::Script(greet), identity);
    Listening listening(server.url("wss", "localhost"), config);
    const std::string reason = listening.until_closed();
    EXPECT_EQ(listening.opened, 0);
    EXPECT_TRUE(server.requests().empty());
    return reason;
  }

  Authority authority_;
  TemporaryFolder folder_;
  std::string ca_file_ = folder_.file("ca.pem", authority_.certificate());
};

TEST_F(SecureWebSocketClient, ReadsFromAServerThatIsTrusted) {
  Server server(Server::Script(greet), authority_.sign("localhost"));
  Listening listening(server.url("wss", "localhost"), trusting());
  ASSERT_TRUE(listening.until_messages(1)) << (listening.closed.empty() ? "" : listening.closed.front());
  EXPECT_THAT(listening.messages, ElementsAre("secure"));
}

TEST_F(SecureWebSocketClient, GoesThroughAProxyByATunnel) {
  Server server(Server::Script(greet), authority_.sign("localhost"));
  Proxy proxy(server.port());
  TransportConfig config = trusting();
  config.proxy = proxy.url();
  {
    Listening listening(server.url("wss", "localhost"), config);
    ASSERT_TRUE(listening.until_messages(1)) << (listening.closed.empty() ? "" : listening.closed.front());
    EXPECT_THAT(listening.messages, ElementsAre("secure"));
    EXPECT_EQ(proxy.tunnels, 1);
  }
  Proxy refusing(server.port(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  config.proxy = refusing.url();
  Listening refused(server.url("wss", "localhost"), config);
  EXPECT_THAT(refused.until_closed(), AllOf(HasSubstr("403"), HasSubstr("transport.proxy")));
}

TEST_F(SecureWebSocketClient, RefusesWhatItCannotTrust) {
  EXPECT_THAT(failure(authority_.sign("localhost"), transport()), AllOf(HasSubstr("TLS"), HasSubstr("ca_file")));
  EXPECT_THAT(failure(self_signed("localhost"), trusting()), HasSubstr("self-signed"));
  EXPECT_THAT(failure(authority_.sign("other.example"), trusting()), HasSubstr("ostname mismatch"));
  EXPECT_THAT(failure(authority_.sign("localhost", Validity::expired), trusting()), HasSubstr("expired"));
}

}  // namespace
}  // namespace tapeline::feeds
